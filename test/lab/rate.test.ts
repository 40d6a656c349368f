import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { seeded } from '../../src/lab/random.ts'
import { Arrivals, constant, dueBy, lengthOf, rateAt, steps } from '../../src/lab/rate.ts'
import type { Rate } from '../../src/lab/rate.ts'

const all = (arrivals: Arrivals): readonly number[] => {
  const moments: number[] = []
  for (let next = arrivals.next(); next < Infinity; next = arrivals.next()) moments.push(next)
  return moments
}

test('a constant rate is evenly spaced, half a gap from its ends', () => {
  deepEqual(all(new Arrivals(constant(4, 1_000), null)), [125, 375, 625, 875])
})

test('a ramp brings as many as its mean, ever more often', () => {
  const moments = all(new Arrivals([{ forMs: 1_000, from: 0, to: 20 }], null))
  equal(moments.length, 10)
  const gaps = moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0))
  ok(gaps.every((gap, i) => i === 0 || gap < (gaps[i - 1] ?? 0)))
})

test('a stretch without arrivals is passed over', () => {
  deepEqual(all(new Arrivals([...constant(0, 500), ...constant(2, 1_000)], null)), [750, 1_250])
})

test('steps follow each other, and a rate is nothing after its end', () => {
  deepEqual(steps([1, 2], 50), [
    { forMs: 50, from: 1 },
    { forMs: 50, from: 2 },
  ])
  const rate = steps([10, 90], 100)
  deepEqual([rateAt(rate, 99), rateAt(rate, 100), rateAt(rate, 200)], [10, 90, 0])
  equal(lengthOf(rate), 200)
})

const rates: fc.Arbitrary<Rate> = fc.array(
  fc.record({ forMs: fc.integer({ min: 1, max: 3_000 }), from: fc.nat(500), to: fc.nat(500) }),
  { minLength: 1, maxLength: 5 },
)

test('whatever the course, evenly spaced arrivals never differ from what is due by more than one', () => {
  fc.assert(
    fc.property(rates, rate => {
      const moments = all(new Arrivals(rate, null))
      ok(Math.abs(moments.length - dueBy(rate, lengthOf(rate))) <= 1)
      for (const [i, moment] of moments.entries()) ok(Math.abs(dueBy(rate, moment) - i - 0.5) < 0.01, `${i}: ${moment}`)
    }),
  )
})

test('random arrivals are as many on average, and their gaps vary as those of a Poisson process do', () => {
  const moments = all(new Arrivals(constant(1_000, 60_000), seeded(1)))
  ok(Math.abs(moments.length - 60_000) < 4 * Math.sqrt(60_000), String(moments.length))
  const gaps = moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0))
  const variance = gaps.reduce((sum, gap) => sum + (gap - 1) ** 2, 0) / gaps.length
  ok(variance > 0.95 && variance < 1.05, String(variance)) // exponential: as large as the mean
})
