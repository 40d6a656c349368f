import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import { now } from '../../../src/clock.ts'
import { persistent } from '../../../src/resilience/repetition/persist.ts'
import { frozenClock } from '../../help/clock.ts'

const options = { baseMs: 100, capMs: 1_000 }

test('it goes on until an attempt is content, each time later, but never sooner than it is asked to', async t => {
  const clock = frozenClock(t)
  t.mock.method(Math, 'random', () => 1)
  const begun = now()
  const times: number[] = []
  const least = [0, 0, 0, 0, 0, 5_000, null]
  const over = persistent(options)(async () => {
    times.push(Math.round(now() - begun))
    return least[times.length - 1] ?? null
  }, new Aborter())
  for (let i = 0; i < 120; i++) await clock.advance(100)
  await over
  deepEqual(
    times.map(at => Math.round(at / 100)),
    [0, 2, 6, 14, 24, 34, 94],
  )
})

test('an abort ends the wait, and what an attempt throws is passed on', async t => {
  const clock = frozenClock(t)
  const signal = new Aborter()
  let attempts = 0
  const over = persistent(options)(async () => {
    attempts++
    return 60_000
  }, signal)
  await clock.advance(100)
  signal.abort(null)
  await over
  equal(attempts, 1)
  await rejects(
    persistent(options)(async () => Promise.reject(new RangeError('a defect')), new Aborter()),
    RangeError,
  )
})
