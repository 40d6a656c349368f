import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { now } from '../../../src/clock.ts'
import { Refill } from '../../../src/resilience/quota/refill.ts'
import { frozenClock } from '../../help/clock.ts'

test('a window that is over is followed by the one that now is in, however long nobody came', async t => {
  const clock = frozenClock(t)
  const refill = new Refill(1_000)
  await clock.advance(999)
  equal(refill.due(now()), false)
  equal(refill.inMs, 1)
  await clock.advance(5_301)
  equal(refill.due(now()), true)
  refill.turn(now())
  equal(refill.inMs, 700)
})

test('whoever sees a refill knows when the next one is', async t => {
  const clock = frozenClock(t)
  const refill = new Refill(1_000)
  await clock.advance(400)
  refill.seen()
  equal(refill.inMs, 1_000)
  equal(now() - refill.began, 0)
})

test('an empty reservoir is asked more and more often as the refill comes near, and just after it was expected', async t => {
  const clock = frozenClock(t)
  const refill = new Refill(1_000)
  refill.seen()
  await clock.advance(100)
  equal(refill.askMs, 450)
  await clock.advance(800)
  equal(refill.askMs, 50)
  await clock.advance(95)
  equal(refill.askMs, 5)
  refill.turn((now() + 5) as ReturnType<typeof now>)
  equal(refill.askMs, 5)
})

test('of which nobody knows when it refills, it is asked all the time, and no more often the longer the window', async t => {
  const clock = frozenClock(t)
  const refill = new Refill(1_000)
  await clock.advance(300)
  refill.joined()
  equal(refill.inMs, 1_000)
  equal(refill.askMs, 25)
  ok(new Refill(3_600_000).askMs > 60_000)
})
