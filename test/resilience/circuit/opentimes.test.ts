import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { OpenTimes } from '../../../src/resilience/circuit/opentimes.ts'
import { chance } from '../../help/chance.ts'
import { frozenClock } from '../../help/clock.ts'

const options = { openMs: 5_000, openMaxMs: 60_000, calmMs: 10_000 }
const several = (times: OpenTimes, count: number): number[] => Array.from({ length: count }, () => times.next())

test('open times double up to their cap', t => {
  chance(t)
  deepEqual(several(new OpenTimes(options), 6), [5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
  deepEqual(several(new OpenTimes({ ...options, openMs: 1_000, openMaxMs: 4_000 }), 4), [1_000, 2_000, 4_000, 4_000])
  const many = new OpenTimes(options)
  equal(several(many, 2_000).at(-1), 60_000)
})

test('each is spread by 20 % both ways, the capped ones too', t => {
  for (const [value, expected] of [
    [0, [4_000, 8_000, 16_000, 32_000, 48_000]],
    [1, [6_000, 12_000, 24_000, 48_000, 72_000]],
  ] as const) {
    chance(t, value)
    const times = new OpenTimes(options)
    deepEqual(several(times, 5), expected)
    ok(times.ceilingMs >= 72_000)
  }
})

test('spread over its whole width', () => {
  const first = Array.from({ length: 2_000 }, () => new OpenTimes(options).next())
  ok(first.every(ms => ms >= 4_000 && ms <= 6_000))
  for (let from = 4_000; from < 6_000; from += 200) {
    const share = first.filter(ms => ms >= from && ms < from + 200).length
    ok(share > 100 && share < 320, `${share} of 2,000 from ${from}, expected about 200`)
  }
})

test('the cap never shortens the first', t => {
  chance(t)
  deepEqual(several(new OpenTimes({ ...options, openMs: 90_000 }), 2), [90_000, 90_000])
})

test('only a time of calm without a break brings them back', async t => {
  chance(t)
  const clock = frozenClock(t)
  const times = new OpenTimes(options)
  several(times, 2)
  for (let i = 0; i < 3; i++) {
    times.closed()
    await clock.advance(9_999)
    equal(times.openings, 2 + i)
    equal(times.next(), 5_000 * 2 ** (2 + i) > 60_000 ? 60_000 : 5_000 * 2 ** (2 + i))
    await clock.advance(60_000) // open for longer than the calm that it takes
  }
  times.closed()
  await clock.advance(10_000)
  equal(times.openings, 0)
  equal(times.next(), 5_000)
})

test('they go on as before a restart', t => {
  chance(t)
  const times = new OpenTimes(options)
  times.resume(3)
  equal(times.openings, 3)
  equal(times.next(), 40_000)
})
