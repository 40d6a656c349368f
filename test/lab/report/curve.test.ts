import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { curvePlot } from '../../../src/lab/report/curve.ts'

test('each nine takes as much room as the one before', () => {
  const curve = [
    [0, 1],
    [90, 10],
    [99, 100],
    [99.9, 1_000],
    [100, 1_000],
  ] as const
  const svg = curvePlot([{ name: 'a', colour: '#111111', curve }])
  match(svg, /d="M0\.0 200\.0L200\.0 133\.3L400\.0 66\.7L600\.0 0\.0"/)
  match(svg, /aria-label="a: 10 ms at 50 %, 100 ms at 99 %"/)
})

test('without answers there is no curve', () => {
  equal(curvePlot([{ name: 'a', colour: '#111111', curve: [] }]), '')
})
