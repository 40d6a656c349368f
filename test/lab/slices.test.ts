import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { firstMs, phasesOf } from '../../src/lab/slices.ts'
import { Tally } from '../../src/lab/tally.ts'
import { aRun } from './runs.ts'

const slices = { name: 'back', fromMs: 1_000, eachMs: 100, count: 3 }

test('slices follow each other without a gap', () => {
  deepEqual(phasesOf(slices), [
    { name: 'back 0', fromMs: 1_000, toMs: 1_100 },
    { name: 'back 1', fromMs: 1_100, toMs: 1_200 },
    { name: 'back 2', fromMs: 1_200, toMs: 1_300 },
  ])
})

test('the first that did is found by when its slice ended, and none is never', () => {
  const tally = new Tally(phasesOf(slices))
  for (const [dueMs, fate] of [
    [1_050, 'refused'],
    [1_150, 'served'],
    [1_250, 'served'],
  ] as const)
    tally.ended(fate, '', dueMs, dueMs + 1)
  const run = { ...aRun(), populations: { a: tally.result() } }
  equal(
    firstMs(run, slices, ({ fates }) => fates.served > 0),
    1_200,
  )
  equal(
    firstMs(run, slices, ({ fates }) => fates.gone > 0),
    Infinity,
  )
  throws(() => firstMs(run, { ...slices, count: 4 }, ({ fates }) => fates.gone > 0), /no slice 3 of back/)
})
