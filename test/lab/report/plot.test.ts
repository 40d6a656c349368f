import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { plot, short, stepOf } from '../../../src/lab/report/plot.ts'
import type { Line } from '../../../src/lab/panel.ts'

const line = (over: Partial<Line> = {}): Line => ({
  name: 'a <b>',
  colour: '#123456',
  values: [10, null, 20, 30],
  ...over,
})
const drawn = (...lines: readonly Line[]): string =>
  plot({ title: 't', height: 100, lines }, 4_000, [{ label: 'down', fromMs: 1_000, toMs: 2_000 }], 'told')

test('a line has a gap where there is nothing, and a stretch is shaded', () => {
  const svg = drawn(line())
  equal(svg.match(/d="M125 75L?[^"]*M625 50L875 25"/)?.length, 1, svg)
  match(svg, /<rect class="shade" x="250" y="0" width="250" height="100"\/>/)
  match(svg, /aria-label="told"/)
  ok(svg.includes('a &lt;b&gt;') && !svg.includes('a <b>'))
})

test('areas stand on each other', () => {
  const svg = drawn(line({ style: 'area', values: [10, 10] }), line({ style: 'area', values: [30, 10] }))
  match(svg, /d="M0 80L250 80L250 80L500 80L/)
  match(svg, /d="M0 20L250 20L250 60L500 60L/)
})

test('axes have round numbers', () => {
  deepEqual([0.3, 3, 7, 120].map(stepOf), [0.5, 5, 10, 200])
  deepEqual([0.5, 900, 20_000, 3_000_000].map(short), ['0.5', '900', '20k', '3M'])
})
