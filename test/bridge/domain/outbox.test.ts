import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { fromOutbox } from '../../../src/bridge/domain/outbox.ts'
import { aRecord, bytes, header, pairs } from '../../help/record.ts'

const value = (written: string | null): string | null => {
  const { value } = fromOutbox(aRecord({ value: written === null ? null : bytes(written) }))
  return value === null ? null : Buffer.from(value).toString()
}
const envelope = (payload: unknown): string => JSON.stringify({ schema: { type: 'string', optional: true }, payload })

test('keys lose the quotes and the schema that the converter of Connect gives them', () => {
  const key = (written: string): string | null => fromOutbox(aRecord({ key: bytes(written) })).key?.toString() ?? null
  deepEqual([key('"42"'), key(envelope('42')), key('42'), key('null')], ['42', '42', '42', null])
})

test('a payload is JSON as it is, JSON text inside a string, or either with its schema', () => {
  const order = '{"orderId":"o-1","total":12345678901234567890}'
  deepEqual([value(order), value(JSON.stringify(order)), value(envelope(order))], [order, order, order])
  equal(value(envelope({ orderId: 'o-1' })), '{"orderId":"o-1"}')
  equal(value(`{"schema":{"type":"struct"},"payload":${order}}`), order, 'with all digits')
})

test('a payload of which only a part is named payload is no envelope', () => {
  const written = '{"schema":1,"payload":2,"more":3}'
  equal(value(written), written)
})

test('no payload is the text null, or a tombstone, or null in an envelope', () => {
  deepEqual([value('null'), value(null), value(envelope(null))], [null, null, null])
})

test('what is no JSON stays as it is', () => {
  deepEqual([value('{torn'), value('"torn'), value('plain')], ['{torn', '"torn', 'plain'])
})

test('headers are read with and without quotes', () => {
  const { headers } = fromOutbox(
    aRecord({ headers: pairs({ id: '"e-1"', eventType: envelope('OrderPlaced'), at: '12' }) }),
  )
  deepEqual([header(headers, 'id'), header(headers, 'eventType'), header(headers, 'at')], ['e-1', 'OrderPlaced', '12'])
})
