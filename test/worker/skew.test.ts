import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Origin } from '../../src/bridge/wire/index.ts'
import { wallClock } from '../../src/clock.ts'
import { Skew } from '../../src/worker/skew.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord } from '../help/record.ts'

const expires = 2_000_000

/** Commands by a clock that ours is `aheadMs` ahead of, in a partition that ends at `state.end`. */
function aSkew({ mirrored = false } = {}) {
  const state = { end: 10n, looks: 0, fails: false }
  const ends = async (): Promise<readonly bigint[]> => {
    state.looks++
    if (state.fails) throw new Error('nobody answers')
    return [state.end]
  }
  const skew = new Skew(mirrored ? null : ends)
  const correction = (aheadMs: number, offset: bigint, over: Partial<Origin> = {}, recordMs = 0): number | null => {
    const writtenAt = wallClock() - aheadMs
    const origin = { expires, writtenAt, source: 'a', ...over } as Origin
    const corrected = skew.correct(origin, aRecord({ partition: 0, offset, timestamp: writtenAt + recordMs })).expires
    return corrected === null ? null : corrected - expires
  }
  return { skew, state, correction }
}

test('a command that was not there a moment ago proves that our clock is ahead', async t => {
  const clock = frozenClock(t)
  const { skew, correction } = aSkew()
  await skew.look()
  await clock.advance(300)
  equal(correction(5_000, 10n), 4_700, 'it is 0.3 s old at most')
  equal(correction(5_000, 9n), 4_700, 'and that holds for all of that gateway')
  equal(correction(5_000, 11n, { source: 'b' }, 4_000), 700, 'it was 4 s on its way into the topic')
  equal(correction(5_000, 9n, { source: 'c' }), 0, 'nothing is known of another')
})

test('a command that may have waited proves nothing', async t => {
  const clock = frozenClock(t)
  const { skew, state, correction } = aSkew()
  equal(correction(5_000, 12n), 0, 'nobody has looked')
  await skew.look()
  equal(correction(5_000, 9n), 0, 'it was there')
  await clock.advance(6_000)
  equal(correction(5_000, 10n), 0, 'it may have come just after the look')
  state.fails = true
  await skew.look()
  equal(correction(5_000, 10n), 0)
})

test('a command of another cluster may have waited before it got its offset, and proves our clock behind only', async t => {
  const clock = frozenClock(t)
  const { skew, state, correction } = aSkew({ mirrored: true })
  await skew.look()
  skew.suspect()
  await clock.advance(3_000)
  deepEqual([correction(5_000, 10n), correction(-4_000, 11n), state.looks], [0, -4_000, 0])
})

test('a machine that has slept proves nothing by what was written meanwhile', async t => {
  frozenClock(t)
  const { skew, correction } = aSkew()
  await skew.look()
  t.mock.timers.setTime(wallClock() + 3_600_000) // and the monotonic clock stood still
  equal(correction(1_800_000, 10n), 0)
})

test('a command from the future proves that our clock is behind', t => {
  frozenClock(t)
  const { correction } = aSkew()
  equal(correction(-5_000, 0n), -5_000)
  equal(correction(-4_000, 1n), -5_000, 'it was a second on its way')
  deepEqual(
    [correction(-5_000, 2n, { expires: null }), correction(-9_000, 3n, { writtenAt: null })],
    [null, 0],
    'what says nothing is left alone',
  )
})

test('a clock that is set while we look on is believed', async t => {
  frozenClock(t)
  const { skew, correction } = aSkew()
  await skew.look()
  equal(correction(5_000, 10n), 5_000)
  equal(correction(0, 11n), 0, 'ours was set right')
  equal(correction(-3_000, 12n), -3_000)
  equal(correction(2_000, 13n), 2_000)
})

test('while commands expire the ends are looked at once a second, and for a minute after the last', async t => {
  const clock = frozenClock(t)
  const { skew, state } = aSkew()
  skew.suspect()
  skew.suspect()
  await clock.advance(0)
  equal(state.looks, 1)
  for (let i = 0; i < 100; i++) await clock.advance(1_000)
  equal(state.looks > 55 && state.looks < 65, true)
  skew.suspect()
  await clock.advance(1_000)
  const { looks } = state
  skew[Symbol.dispose]()
  await clock.advance(5_000)
  equal(state.looks, looks)
})
