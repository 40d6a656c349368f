import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { seeing } from '../../../src/bridge/domain/seen.ts'
import { aRecord, bytes, pairs } from '../../help/record.ts'

type Options = Parameters<typeof seeing>[0]
const seen = (options: Partial<Options>, record: Partial<Parameters<typeof aRecord>[0]>) => {
  const { key, type, id } = seeing({ match: 'key', format: 'plain', type: undefined, ...options })(aRecord(record))
  return [key, type, id]
}

test('an event is known by its key, and says its type and id as CloudEvents do', () => {
  deepEqual(seen({}, { key: bytes('o-1'), headers: pairs({ ce_type: 'OrderPlaced', ce_id: 'e-1' }) }), [
    'o-1',
    'OrderPlaced',
    'e-1',
  ])
})

test('by a header, or by JSON pointers into its value', () => {
  const value = bytes('{"type":"OrderPlaced","order":{"id":7}}')
  deepEqual(seen({ match: 'header.order', type: '/type' }, { value, headers: pairs({ order: 'o-1' }) }), [
    'o-1',
    'OrderPlaced',
    null,
  ])
  deepEqual(seen({ match: '/order/id', type: '/type' }, { value }), ['7', 'OrderPlaced', null])
})

test('an event without the pointer, or whose value is no JSON, names no command', () => {
  const options = { match: '/order/id', type: '/type' }
  for (const value of ['{"type":"OrderPlaced"}', '{"order":{"id":{}}}', '{torn', ''])
    deepEqual(seen(options, { value: bytes(value) })[0], null, value)
  deepEqual(seen(options, { value: null })[0], null)
})

test('an event of an outbox says its type and id in headers of its own', () => {
  const record = { key: bytes('"o-1"'), headers: pairs({ id: 'e-1', eventType: 'OrderPlaced' }) }
  deepEqual(seen({ format: 'outbox' }, record), ['o-1', 'OrderPlaced', 'e-1'])
})
