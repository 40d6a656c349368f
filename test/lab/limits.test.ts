import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { atLeast, atMost } from '../../src/lab/limits.ts'

test('a limit holds at its value, and not beyond', () => {
  const holds = [atLeast('a', 5, 5), atLeast('a', 5, 4.9), atMost('a', 5, 5), atMost('a', 5, 5.1)]
  deepEqual(
    holds.map(([row]) => row?.holds),
    [true, false, true, false],
  )
})

test('what was never measured does not hold, and what is not asked is no row', () => {
  deepEqual(
    [null, NaN, Infinity].map(value => atMost('a', 5, value)[0]),
    Array.from({ length: 3 }, () => ({ name: 'a', asked: '≤ 5', measured: 'never', holds: false })),
  )
  equal(atLeast('a', undefined, 1).length, 0)
})
