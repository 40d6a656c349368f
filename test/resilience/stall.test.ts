import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { now } from '../../src/clock.ts'
import { Stall } from '../../src/resilience/stall.ts'
import { frozenClock } from '../help/clock.ts'

test('a loop that looks in time has not stood still', async t => {
  const clock = frozenClock(t)
  using stall = new Stall()
  const start = now()
  for (let i = 0; i < 20; i++) await clock.advance(250)
  equal(stall.since(start), false)
})

test('a jump of the clock between two looks is a stall, for what was under way and not for what comes', async t => {
  const clock = frozenClock(t)
  using stall = new Stall()
  const start = now()
  t.mock.timers.reset() // nothing runs: the loop stands still
  t.mock.method(performance, 'now', () => start + 2_000)
  equal(stall.since(start), true)
  equal(stall.since((start + 2_001) as typeof start), false)
  void clock
})
