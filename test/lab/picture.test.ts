import { test } from 'node:test'
import { doesNotMatch, equal, match, ok } from 'node:assert/strict'
import type { Column, Picture } from '../../src/lab/panel.ts'
import { draw } from '../../src/lab/picture.ts'
import { panelsOf } from '../../src/lab/report/panels.ts'
import { widthOf } from '../../src/lab/text.ts'
import { aResult } from './results.ts'

const column = (title: string, good: boolean | null): Column => ({
  title,
  headline: 'as it should be',
  good,
  shades: [{ label: 'worker stopped', fromMs: 1_000, toMs: 13_000, fault: true }],
  panels: panelsOf(aResult()).map(({ panel }) => panel),
})
const picture: Picture = { title: 'A story', columns: [column('Sluice', true), column('another', false)] }

test('a picture says what it shows, and is the same whenever it is drawn', async () => {
  const svg = await draw(picture)
  for (const text of ['A story', 'Sluice', 'another', 'worker stopped', 'answered in time', 'seconds'])
    ok(svg.includes(`>${text}<`), text)
  equal(await draw(picture), svg)
})

test('text has the colour of the page, which may be dark', async () => {
  const svg = await draw(picture)
  match(svg, /prefers-color-scheme:dark/)
  match(svg, /<text[^>]*fill="currentColor"/)
  doesNotMatch(svg, /#010203|<text[^>]*fill="#(000|333|fff)/)
})

test('it loads nothing from elsewhere and runs nothing', async () => {
  const svg = await draw(picture)
  doesNotMatch(svg, /<script|(href|src)="http|@import|url\(http/)
})

test('nothing is cut off at the edges, and no text runs into the next, with one column and with three', async () => {
  const long =
    'More is asked than the workers can do, and the title is so long that it has to go on below, where there is room'
  for (const n of [1, 2, 3]) {
    const columns = ['Sluice', 'another', 'a third one with a name'].slice(0, n).map(title => column(title, null))
    const svg = await draw({ title: long, columns })
    const height = Number(/ height="([\d.]+)"/.exec(svg)?.[1])
    const boxes = boxesOf(svg)
    ok(boxes.length > 20 * n)
    for (const { text, left, right, top, bottom } of boxes)
      ok(left >= 0 && right <= 980 && top >= 0 && bottom <= height, `${n}: ${text}`)
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        ok(
          a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top,
          `${n}: ${a.text} and ${b.text}`,
        )
  }
})

/** Where the texts of a picture are. */
function boxesOf(svg: string) {
  const texts = svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)
  return [...texts].map(([, attributes = '', text = '']) => {
    const number = (pattern: RegExp): number => Number(pattern.exec(attributes)?.[1] ?? 0)
    const size = number(/font-size:(\d+)px/)
    const width = widthOf(text, { size, bold: /font-weight:600/.test(attributes) })
    const x = number(/translate\(([\d.]+)/) + number(/ x="(-?[\d.]+)"/)
    const middle = number(/translate\([\d.]+ ([\d.]+)/) + number(/ y="(-?[\d.]+)"/)
    const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1]
    const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x
    return { text, left, right: left + width, top: middle - size / 2, bottom: middle + size / 2 }
  })
}
