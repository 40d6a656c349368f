import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { anAnswer, refused } from './answer.ts'
import type { Answer } from './load.ts'
import { longestGap, mostDials, quickRefusals } from './tally.ts'

test('the worst second of dials may begin anywhere', () => {
  deepEqual(mostDials([0, 900, 1_000, 1_100, 1_899, 1_900, 5_000]), 4)
  deepEqual(mostDials([]), 0)
})

test('a gap may lie before the first answer, between two, and after the last', () => {
  const at = (...times: readonly number[]) => times.map(ended => anAnswer('a', { ended }))
  deepEqual(longestGap(at(10, 20, 60, 70), 0, 100), 40)
  deepEqual(longestGap(at(50), 0, 60), 50)
  deepEqual(longestGap(at(5, 50), 10, 200), 150)
  deepEqual(longestGap([], 0, 7), 7)
})

test('a slow refusal and an answer that is none are not quick refusals', () => {
  const quick = anAnswer('a', refused)
  const judged = (...all: readonly Answer[]) => quickRefusals('', all).holds
  deepEqual(judged(...Array<Answer>(19).fill(quick), anAnswer('b', { ...refused, ended: 1_021 })), true)
  deepEqual(judged(...Array<Answer>(18).fill(quick), anAnswer('b', { ...refused, ended: 1_021 })), false)
  deepEqual(judged(...Array<Answer>(18).fill(quick), anAnswer('b')), false)
})
