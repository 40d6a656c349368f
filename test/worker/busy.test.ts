import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Busy } from '../../src/worker/busy.ts'
import { frozenClock } from '../help/clock.ts'

test('whoever waits hears when nothing is under way any more, or when time is over', async t => {
  const clock = frozenClock(t)
  const busy = new Busy()
  await busy.quiet(1_000) // nothing is under way
  busy.begin()
  busy.begin()
  let quiet = 0
  void busy.quiet(1_000).then(() => quiet++)
  busy.end()
  await clock.advance(10)
  equal(quiet, 0)
  busy.end()
  await clock.advance(0)
  equal(quiet, 1)
  busy.begin()
  void busy.quiet(1_000).then(() => quiet++)
  await clock.advance(1_001)
  equal(quiet, 2)
})
