import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { bySecond, deeds, gauge, goodput, grown, only, possible, spanOf, within } from '../../src/lab/measure.ts'
import { aRun } from './runs.ts'

const run = aRun()

test('seconds are added up over populations', () => {
  deepEqual(
    bySecond(run, 'all', ({ fates }) => fates.served),
    [20, 20, 15, 15],
  )
  deepEqual(
    bySecond(run, 'b', ({ codes }) => codes['shed'] ?? 0),
    [0, 0, 5, 5],
  )
  deepEqual(
    bySecond(run, ['a', 'b'], ({ sent }) => sent),
    [20, 20, 20, 20],
  )
  equal(within([1, 2, 4, 8], [1_000, 3_000]), 6)
})

test('possible is what is asked, and no more than the workers can do', () => {
  equal(goodput(run, [0, 4_000]), 70)
  ok(Math.abs(possible(run, [0, 4_000]) - 64) < 0.01)
  ok(Math.abs(possible(aRun({}, { possible: () => 1_000 }), [0, 4_000]) - 80) < 0.01)
})

test('a phase is from when to when', () => {
  deepEqual(spanOf(run, 'during'), [2_000, 4_000])
  throws(() => spanOf(run, 'nowhere'), /no phase nowhere/)
  deepEqual(Object.keys(only(run, ['a']).populations), ['a'])
})

test('gauges and counters of the gateway, and deeds of the workers are read by second', () => {
  deepEqual(gauge(run, 'sluice_in_flight'), [1, 2, 3, 4])
  equal(grown(run, 'sluice_refusals_total', [2_000, 4_000]), 16 - 4)
  deepEqual(deeds(run, [1_000, 3_000]), { executed: 20, unwanted: 2, late: 0, dropped: 0 })
})
