import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { Durations, noSpread } from '../../src/lab/durations.ts'

test('percentiles are exact to a tenth of a percent', () => {
  const durations = new Durations()
  for (let ms = 1; ms <= 1_000; ms++) durations.record(ms)
  const { count, p50, p90, p99, max } = durations.spread()
  deepEqual(count, 1_000)
  for (const [measured, asked] of [
    [p50, 500],
    [p90, 900],
    [p99, 990],
    [max, 1_000],
  ])
    ok(Math.abs((measured ?? 0) - (asked ?? 0)) <= (asked ?? 0) / 1_000 + 0.01, `${measured} for ${asked}`)
})

test('what is taken begins anew; without durations there is nothing to say', () => {
  const durations = new Durations()
  durations.record(-1) // before it was due: the clock's grain
  deepEqual(durations.take(), { count: 1, p50: 0, p90: 0, p99: 0, max: 0 })
  deepEqual(durations.take(), noSpread)
})

test('what hangs longest still counts', () => {
  const durations = new Durations()
  durations.record(3_600_000)
  ok((durations.spread().max ?? 0) >= 599_000)
})
