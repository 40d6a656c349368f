import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import {
  bySecond,
  codes,
  cores,
  deeds,
  gauge,
  goodput,
  grown,
  only,
  part,
  possible,
  spanOf,
  within,
} from '../../src/lab/measure.ts'
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

test('a phase has what was due in it, and codes by how often they came', () => {
  equal(part(run, 'b', 'during').fates.refused, 10)
  deepEqual([codes(run, 'before'), codes(run, 'during')], ['none', '10 × shed'])
  equal(codes(only(run, ['a']), 'during'), 'none')
  deepEqual(spanOf(run, 'during'), [2_000, 4_000])
  for (const look of [() => part(run, 'b', 'nowhere'), () => spanOf(run, 'nowhere')]) throws(look, /no phase nowhere/)
})

test('gauges and counters of the gateway, deeds of the workers, and cores are read by second', () => {
  deepEqual(gauge(run, 'sluice_in_flight'), [1, 2, 3, 4])
  equal(grown(run, 'sluice_refusals_total', [2_000, 4_000]), 16 - 4)
  deepEqual(deeds(run, [1_000, 3_000]), { executed: 20, unwanted: 2, late: 0, dropped: 0 })
  deepEqual(cores(run), { gateway: 0.25 })
})
