import { equal, match, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { randomText } from '../src/random.ts'

test('random texts have the length of their bytes, and never repeat, also when the pool is filled anew', () => {
  const all = Array.from({ length: 2_000 }, () => randomText(16))
  equal(new Set(all).size, all.length)
  for (const text of all) match(text, /^[\w-]{22}$/)
  equal(Buffer.from(randomText(6), 'base64url').length, 6)
  equal(Buffer.from(randomText(4_096), 'base64url').length, 4_096)
})

test('more at once than the pool has is refused, and no text that is shorter', () => {
  throws(() => randomText(4_097), RangeError)
})
