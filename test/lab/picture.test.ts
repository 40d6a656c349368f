import { test } from 'node:test'
import { doesNotMatch, equal, match, ok } from 'node:assert/strict'
import { fates, latency, work } from '../../src/lab/panels.ts'
import type { Column, Picture } from '../../src/lab/panel.ts'
import { draw } from '../../src/lab/picture.ts'
import { aRun } from './runs.ts'

const column = (title: string, good: boolean | null): Column => ({
  title,
  headline: 'as it should be',
  good,
  shades: [{ label: 'worker stopped', fromMs: 1_000, toMs: 3_000, fault: true }],
  panels: [fates(aRun()), work(aRun()), latency(aRun(), 'b')],
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
