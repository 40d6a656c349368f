import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { RateReduction } from '../../../src/resilience/bulkhead/reduction.ts'

/** In flight after each leaving, until it is down; somebody always waits. */
function course(from: number, limit: number, descent = new RateReduction()): readonly number[] {
  const seen: number[] = []
  for (let inFlight = from; inFlight > limit && seen.length < 10_000;) {
    inFlight--
    if (descent.passes(inFlight, limit)) inFlight++
    seen.push(inFlight)
  }
  return seen
}

test('below the limit every slot is passed on', () => {
  const descent = new RateReduction()
  deepEqual([descent.passes(3, 4), descent.passes(0, 4)], [true, true])
})

test('a limit of half lets every second slot be passed on, and is reached when all have left once', () => {
  deepEqual(course(8, 4), [7, 7, 6, 6, 5, 5, 4])
})

test('whatever it falls to, it is reached within one round, and never without anybody passing for long', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 600 }), fc.integer({ min: 1, max: 600 }), (from, to) => {
      const limit = Math.min(to, from - 1)
      const seen = course(from, limit)
      ok(seen.length <= from, `${seen.length} have left`)
      equal(seen.at(-1), limit)
      let still = 0
      for (let i = 1; i < seen.length; i++) {
        still = seen[i] === seen[i - 1] ? 0 : still + 1
        ok(still <= Math.ceil(from / limit))
      }
    }),
  )
})

test('a limit that falls again meanwhile begins anew, from what is in flight then', () => {
  const descent = new RateReduction()
  let inFlight = 8
  for (let i = 0; i < 4; i++) if (!descent.passes(inFlight - 1, 4)) inFlight--
  equal(inFlight, 6)
  deepEqual(course(inFlight, 3, descent), [5, 5, 4, 4, 3])
})
