import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { unlikeARegister } from './history.ts'
import type { Asked } from './history.ts'

const asked = (begun: number, ended: number, ran: string | null = '1', replayed = false, at = 0): Asked => ({
  key: 'k',
  at,
  begun,
  ended,
  ran,
  replayed,
})

test('a key that is taken once and answered alike to all is a register', () => {
  equal(unlikeARegister([]), null)
  equal(unlikeARegister([asked(0, 10), asked(1, 2, null), asked(9, 12, null), asked(3, 10, '1', true)]), null)
})

test('an instance that has not read the answer in the log yet may say that it is in flight', () => {
  for (const at of [0, 1]) equal(unlikeARegister([asked(0, 10), asked(11, 12, null, false, at)]), null)
  equal(unlikeARegister([asked(0, 10), asked(11, 12, '1', true, 0), asked(13, 14, null, false, 1)]), null)
})

test('what no register can show is told', () => {
  const told = (...history: readonly Asked[]): string => unlikeARegister(history) ?? ''
  match(told(asked(0, 10), asked(0, 10)), /2 requests were the first/)
  match(told(asked(0, 10), asked(2, 12, '2', true)), /not all got the same answer/)
  match(told(asked(0, 10), asked(11, 12, '1', true), asked(13, 14, null)), /in flight again after an answer/)
  match(told(asked(5, 10), asked(1, 4, null)), /in flight before its first request/)
  match(told(asked(5, 10), asked(1, 4, '1', true)), /answered before its first request/)
  match(told(asked(5, 10, '1', true)), /never given/)
})
