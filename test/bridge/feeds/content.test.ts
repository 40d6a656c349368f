import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { contentOf, jsonOf } from '../../../src/bridge/feeds/content.ts'
import type { Shape } from '../../../src/bridge/feeds/content.ts'
import { aRecord, bytes, pairs } from '../../help/record.ts'

const told = (value: Buffer | null, over: Partial<Shape> = {}) => {
  const record = aRecord({ topic: 'orders', key: bytes('k'), value, offset: 7n, headers: pairs({ h: '1' }) })
  const { kind, text } = contentOf(record, jsonOf(record), { as: 'value', fields: null, ...over })
  return [kind, text]
}

test('a JSON value is told as it came, but for line breaks between its parts', () => {
  deepEqual(told(bytes('{"n":\r\n 12345678901234567890, "t":"a\\nb"}')), [
    'json',
    '{"n":   12345678901234567890, "t":"a\\nb"}',
  ])
})

test('text, bytes and tombstones are told apart', () => {
  deepEqual(told(bytes('a\nb')), ['text', 'a\nb'])
  deepEqual(told(Buffer.from([0xff])), ['bytes', '/w=='])
  deepEqual(told(null), ['tombstone', ''])
  deepEqual(told(bytes('')), ['text', ''])
})

test('of a projection only its fields go out, each where it was', () => {
  const fields = ['/id', '/customer/name', '/a~1b/c~0d', '/list/0', '/missing', '/__proto__/x']
  const value = '{"id":1,"customer":{"name":"n","card":"secret"},"a/b":{"c~d":true},"list":[5,6],"other":2}'
  deepEqual(told(bytes(value), { fields }), [
    'json',
    '{"id":1,"customer":{"name":"n"},"a/b":{"c~d":true},"list":{"0":5}}',
  ])
  deepEqual(told(bytes('no JSON'), { fields }), ['json', '{}'])
  deepEqual(told(null, { fields }), ['tombstone', ''])
})

test('a whole record is a JSON object, its value as it is', () => {
  const plain = { topic: 'orders', partition: 0, offset: 7, time: 0, key: 'k', headers: { h: '1' } }
  const whole = (value: Buffer | null) => JSON.parse(told(value, { as: 'record' })[1] as string) as unknown
  deepEqual(whole(bytes('{"n":1}')), { ...plain, value: { n: 1 } })
  deepEqual(whole(bytes('text')), { ...plain, value: 'text' })
  deepEqual(whole(Buffer.from([0xff])), { ...plain, base64: '/w==' })
  deepEqual(whole(null), { ...plain, value: null })
})

test('what is no UTF-8 is no JSON', () => {
  equal(jsonOf(aRecord({ value: Buffer.from([0x22, 0xff, 0x22]) })), undefined)
})
