import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { fates, gauges, latency, shares, work } from '../../src/lab/panels.ts'
import { aRun } from './runs.ts'

const run = aRun()

test('the fates of the requests add up to what was asked', () => {
  const { lines } = fates(run)
  deepEqual(
    lines.map(({ name }) => name),
    ['answered in time', 'shed'],
  )
  deepEqual(
    [0, 1, 2, 3].map(i => lines.reduce((sum, { values }) => sum + (values[i] ?? 0), 0)),
    [20, 20, 20, 20],
  )
})

test('the work is parted into what somebody waited for and the rest, below what is possible', () => {
  const { lines } = work(run)
  deepEqual(
    lines.map(({ values }) => values[0]),
    [9, 1, 16],
  )
})

test('latencies are those of the population, and missing where there were none', () => {
  const [answers, , refusals] = latency(run, 'b').lines
  deepEqual(
    answers?.values.map(value => Math.round(value ?? 0)),
    [20, 20, 20, 20],
  )
  deepEqual(refusals?.values, [null, null, 1, 1])
})

test('shares are of what each population asked', () => {
  const { lines } = shares(run, { a: '#111111', b: '#222222' }, 'shares')
  deepEqual(
    lines.map(({ values }) => values),
    [
      [100, 100, 100, 100],
      [100, 100, 50, 50],
    ],
  )
})

test('gauges are scaled for people', () => {
  const { lines } = gauges(run, 'slots', [{ name: 'taken', series: 'sluice_in_flight', scale: 2, colour: '#111111' }])
  deepEqual(lines[0]?.values, [2, 4, 6, 8])
  equal(gauges(run, 'none', []).lines.length, 0)
})
