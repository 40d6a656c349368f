import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { bytes, constant, text } from '../../../src/bridge/wire/text.ts'

test('text is UTF-8, also in the middle of a larger stretch of memory', () => {
  const all = new Uint8Array(Buffer.from('xxZoëxx'))
  equal(text(all.subarray(2, 6)), 'Zoë')
  equal(text(bytes('Zoë')), 'Zoë')
  deepEqual(constant('a', 'b'), ['a', bytes('b')])
})
