import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { named, setNames } from '../../src/lab/names.ts'
import type { Line } from '../../src/lab/panel.ts'
import { widthOf } from '../../src/lab/text.ts'

const line = (name: string): Line => ({ name, colour: '#2da44e', values: [] })
const many = ['answered in time', 'bulkhead-full', 'shed', 'circuit-open', 'partition-stuck', 'client-gone'].map(line)

test('names do not touch one another, however many there are', () => {
  for (const width of [150, 260, 430, 900]) {
    const set = setNames(many, width)
    set.forEach((name, i) => {
      const next = set[i + 1]
      if (next === undefined || next.row > name.row) return
      ok(next.left >= name.left + 19 + widthOf(name.line.name, { size: 11 }), `${name.line.name} in ${width}`)
    })
  }
})

test('what does not fit beside the others goes on in the next row', () => {
  deepEqual(
    setNames(many.slice(0, 3), 200).map(({ left, row }) => [left === 0, row]),
    [
      [true, 0],
      [true, 1],
      [false, 1],
    ],
  )
})

test('a dashed line is named by a dashed one', () => {
  const piece = (style: NonNullable<Line['style']>) =>
    JSON.stringify(named({ line: { ...line('a'), style }, left: 0, row: 0 }, 0, 0)[0])
  ok(piece('dashed').includes('lineDash'))
  ok(!piece('solid').includes('lineDash'))
  ok(piece('area').includes('"rect"'))
})
