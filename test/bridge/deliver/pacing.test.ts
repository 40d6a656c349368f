import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import { Pacing } from '../../../src/bridge/deliver/pacing.ts'
import { frozenClock } from '../../help/clock.ts'

const options = { most: 8, baseMs: 1_000, capMs: 30_000 }

function entering(pacing: Pacing, signal = new Aborter()) {
  const seen: { went: boolean | null } = { went: null }
  void pacing.enter(signal).then(went => (seen.went = went))
  return seen
}

test('no more are let in than there are slots, and the first to wait is the first to go', async t => {
  const clock = frozenClock(t)
  const pacing = new Pacing({ ...options, most: 2 })
  const all = [1, 2, 3, 4].map(() => entering(pacing))
  await clock.advance(0)
  deepEqual(
    all.map(({ went }) => went),
    [true, true, null, null],
  )
  pacing.leave()
  await clock.advance(0)
  deepEqual(
    all.map(({ went }) => went),
    [true, true, true, null],
  )
})

test('whoever does not wait any longer leaves the line', async t => {
  const clock = frozenClock(t)
  const pacing = new Pacing({ ...options, most: 1 })
  const signal = new Aborter()
  entering(pacing)
  const [second, third] = [entering(pacing, signal), entering(pacing)]
  signal.abort(null)
  pacing.leave()
  await clock.advance(0)
  deepEqual([second.went, third.went, entering(pacing, signal).went], [false, true, null])
  equal(pacing.pace.busy, 1)
})

test('a receiver that asks for time is left alone for it, and then asked half as much', async t => {
  const clock = frozenClock(t)
  const pacing = new Pacing(options)
  pacing.slowed(5_000)
  const all = Array.from({ length: 8 }, () => entering(pacing))
  await clock.advance(4_990)
  equal(all.filter(({ went }) => went).length, 0)
  await clock.advance(20)
  equal(all.filter(({ went }) => went).length, 4)
  deepEqual(pacing.pace, { slots: 4, busy: 4, waiting: 4, pausedMs: 0, failures: 1 })
})

test('a receiver that is down is tried by one message at a time, later and later, and comes back by degrees', async t => {
  const clock = frozenClock(t)
  t.mock.method(Math, 'random', () => 1)
  const pacing = new Pacing(options)
  for (let i = 0; i < 3; i++) pacing.failed()
  equal(pacing.pace.pausedMs, 8_000)
  const all = Array.from({ length: 8 }, () => entering(pacing))
  await clock.advance(8_010)
  equal(all.filter(({ went }) => went).length, 1)
  pacing.failed()
  equal(pacing.pace.pausedMs, 16_000)
  pacing.leave()
  await clock.advance(16_010)
  equal(all.filter(({ went }) => went).length, 2)
  for (let i = 0; i < 40; i++) pacing.succeeded()
  ok(pacing.pace.slots >= 7, `${pacing.pace.slots}`)
  equal(pacing.pace.failures, 0)
})

test('single messages that fail among others that do not, pause nothing', async t => {
  frozenClock(t)
  const pacing = new Pacing(options)
  for (let i = 0; i < 20; i++) {
    pacing.failed()
    pacing.succeeded()
  }
  equal(pacing.pace.pausedMs, 0)
})
