import { test } from 'node:test'
import { deepEqual, notDeepEqual, ok } from 'node:assert/strict'
import { seeded } from '../../src/lab/random.ts'

const drawn = (seed: number, n: number): readonly number[] => Array.from({ length: n }, seeded(seed))

test('the same seed draws the same numbers, another one others', () => {
  deepEqual(drawn(7, 5), drawn(7, 5))
  notDeepEqual(drawn(7, 5), drawn(8, 5))
})

test('the numbers are spread evenly from 0 up to 1', () => {
  const tenths = Array.from({ length: 10 }, () => 0)
  for (const number of drawn(1, 10_000)) {
    ok(number >= 0 && number < 1)
    tenths[Math.floor(number * 10)]!++
  }
  ok(
    tenths.every(n => n > 850 && n < 1_150),
    tenths.join(),
  )
})
