import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { ReplyTimes } from '../../../src/resilience/bulkhead/replytimes.ts'
import { frozenClock } from '../../help/clock.ts'

test('a call or two are no reading of the floor', t => {
  frozenClock(t)
  const times = new ReplyTimes()
  times.see(20, 2)
  equal(times.floor.ms, Infinity)
  times.see(40, 2)
  equal(times.floor.ms, 15)
})

test('what was usual a minute ago says nothing of today', async t => {
  const clock = frozenClock(t)
  const times = new ReplyTimes()
  times.look(60, 2)
  const before = times.usualMs
  await clock.advance(60_001)
  deepEqual([before, times.usualMs], [30, 0])
})
