import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { memberOf, parseJson } from '../../../src/routes/events/json.ts'

test('a text that is no JSON, no UTF-8 or nested without end is refused in words of our own', () => {
  throws(() => parseJson(Buffer.from('{"secret')), { code: 'invalid-request', message: 'The event is not JSON.' })
  throws(() => parseJson(Buffer.of(0x22, 0xff, 0x22)), { message: 'The event is not UTF-8.' })
  throws(() => parseJson(Buffer.from('['.repeat(65) + ']'.repeat(65))), { message: /nested deeper than 64/ })
  deepEqual(parseJson(Buffer.from('{"a":1}')), { a: 1 })
})

test('a member is cut out as it is written; of two with the name the last', () => {
  const text = Buffer.from('{"x": {"data":1}, "data" : 1.50 ,"d\\u0061ta": {"n":12345678901234567890, "s":"},\\""} }')
  equal(memberOf(text, 'data')?.toString().trim(), '{"n":12345678901234567890, "s":"},\\""}')
  equal(memberOf(text, 'y'), null)
  equal(memberOf(Buffer.from('{}'), 'data'), null)
})

test('of any object every member is found', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), members => {
      const text = Buffer.from(JSON.stringify(members, null, 1))
      for (const [name, value] of Object.entries(members))
        equal(JSON.stringify(JSON.parse(memberOf(text, name)?.toString() ?? '')), JSON.stringify(value))
    }),
  )
})
