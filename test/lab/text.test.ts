import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { widthOf, words, wrap } from '../../src/lab/text.ts'

/** Widths in ems that DejaVu Sans has, read from the font's own table: usual and bold. */
const measured: readonly (readonly [string, number, number])[] = [
  ['answered in time', 8.67, 9.76],
  ['bulkhead-full', 6.52, 7.46],
  ['somebody waited for', 10.56, 11.9],
  ['what the workers did, per second', 16.75, 18.96],
  ['96 % of what is possible at 10 ×', 16.19, 18.08],
  ['MEMORY of the gateway (MiB)', 15.21, 17.21],
  ['refusals p99 ≤ 10 ms', 10.73, 11.89],
]

test('a text is thought to be as wide as in the widest font, and not much wider', () => {
  for (const [text, usual, bold] of measured) {
    const widths = [widthOf(text, { size: 10 }) / (usual * 10), widthOf(text, { size: 10, bold: true }) / (bold * 10)]
    for (const width of widths) ok(width >= 1 && width < 1.15, `${text}: ${width}`)
  }
})

test('a text breaks between words, and loses none', () => {
  const font = { size: 12 }
  const lines = wrap('more is asked than the workers can do', 120, font)
  ok(lines.length > 1)
  ok(lines.every(line => widthOf(line, font) <= 120))
  deepEqual(lines.join(' '), 'more is asked than the workers can do')
})

test('what fits stays on one line, and a word that is too long has its own', () => {
  deepEqual(wrap('a story', 200, { size: 12 }), ['a story'])
  deepEqual(wrap('an extraordinarily long word', 40, { size: 12 }), ['an', 'extraordinarily', 'long', 'word'])
})

test('lines stand below one another', () => {
  const tops = words(['a', 'b'], 5, 10, { size: 10 }).map(line => 'y' in line && line.y)
  deepEqual(tops, [10, 23])
})
