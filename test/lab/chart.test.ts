import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { drawn, lengthOf, secondsAxis, shade, valuesAxis } from '../../src/lab/chart.ts'
import type { Column, Panel } from '../../src/lab/panel.ts'

const panel: Panel = {
  title: 'a panel',
  height: 100,
  log: true,
  lines: [{ name: 'a', colour: '#fff', values: [5, null, 0.2, 7.77] }],
}
const column: Column = {
  title: 'Sluice',
  headline: 'as it should be',
  good: true,
  shades: [{ label: 'the worker is stopped', fromMs: 1_000, toMs: 2_000, fault: true }],
  panels: [panel],
}

test('a column is as long as the longest of its lines', () => {
  equal(lengthOf(column), 4)
})

test('a value stands in the middle of its second; what is not known is left out, and what a logarithm has not is at its foot', () => {
  const series = panel.lines.map(line => drawn(line, panel, 0, null))
  deepEqual(
    series.map(({ data }) => data),
    [
      [
        [0.5, 5],
        [1.5, null],
        [2.5, 1],
        [3.5, 7.8],
      ],
    ],
  )
})

test('a stretch is named within its own width', () => {
  match(JSON.stringify(shade(column, true, 400)), /"name":"the worker is\\nstopped"/)
  match(JSON.stringify(shade(column, false, 400)), /"name":""/)
})

test('the seconds are written under the lowest panel only, and a logarithm begins at one', () => {
  match(JSON.stringify(secondsAxis(0, true, 4)), /"max":4.*"show":true/)
  match(JSON.stringify(secondsAxis(0, false, 4)), /"axisLabel":\{"show":false/)
  match(JSON.stringify(valuesAxis(0, panel)), /"type":"log".*"min":1/)
})
