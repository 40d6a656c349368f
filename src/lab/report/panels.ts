import { whoOf } from '../advice.ts'
import { colours } from '../panel.ts'
import type { Line, Panel } from '../panel.ts'
import { hueOf } from '../hues.ts'
import type { Result } from '../result.ts'

/** A diagram, and what is to be seen in it in a sentence. */
export type Told = Readonly<{ panel: Panel; told: string }>

const most = (values: readonly (number | null)[]): number => Math.max(0, ...values.map(value => value ?? 0))
const mean = (values: readonly number[]): number =>
  Math.round(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length))

/** The diagrams of one run, in the order of the report. */
export function panelsOf({ seconds, totals }: Result): readonly Told[] {
  const { asked, sent, served, codes, p50, p99, refusedP99, wanted, unwanted, possible, slots, inFlight } = seconds
  const failures = Object.entries(codes)
    .filter(([, values]) => most(values) > 0)
    .map(([code, values]): Line => ({ name: `${code} (${whoOf(code)})`, colour: hueOf(code), values, style: 'area' }))
  const load: Panel = {
    title: 'load and goodput, per second',
    height: 170,
    lines: [
      { name: 'asked for', colour: colours.asked, values: asked },
      { name: 'sent, repetitions included', colour: colours.second, values: sent, style: 'dashed' },
      { name: 'answered in time', colour: colours.good, values: served },
      { name: 'what the workers can do', colour: colours.limit, values: possible, style: 'dashed' },
    ],
  }
  const outcomes: Panel = {
    title: 'what became of the requests, per second',
    height: 190,
    lines: [{ name: 'answered in time', colour: colours.good, values: served, style: 'area' }, ...failures],
  }
  const latency: Panel = {
    title: 'how long clients waited, in milliseconds, from the intended sending',
    height: 170,
    log: true,
    lines: [
      { name: 'answers p99', colour: colours.bad, values: p99 },
      { name: 'answers p50', colour: colours.good, values: p50 },
      { name: 'refusals p99', colour: colours.first, values: refusedP99, style: 'dashed' },
    ],
  }
  const work: Panel = {
    title: 'what the workers did, per second',
    height: 120,
    lines: [
      { name: 'somebody waited for', colour: colours.good, values: wanted, style: 'area' },
      { name: 'for nobody any more', colour: colours.bad, values: unwanted, style: 'area' },
      { name: 'what they can do', colour: colours.limit, values: possible, style: 'dashed' },
    ],
  }
  const room: Panel = {
    title: 'slots of the worker',
    height: 110,
    lines: [
      { name: 'slots', colour: colours.limit, values: slots, style: 'dashed' },
      { name: 'taken', colour: colours.first, values: inFlight },
    ],
  }
  return [
    { panel: load, told: `On average ${mean(asked)} requests a second were asked for and ${mean(served)} answered.` },
    { panel: outcomes, told: `Of ${totals.asked} requests ${totals.answered} were answered.` },
    { panel: latency, told: `At worst, one answer in a hundred of a second took ${most(p99)} ms or more.` },
    ...(totals.executed === 0
      ? []
      : [{ panel: work, told: `The workers executed ${totals.executed} commands, ${totals.unwanted} for nobody.` }]),
    ...(most(slots) === 0
      ? []
      : [{ panel: room, told: `Of at most ${most(slots)} slots, ${most(inFlight)} were taken.` }]),
  ]
}

const hues = [colours.good, colours.bad, colours.first, colours.second, colours.third, colours.limit]
export const hueAt = (index: number): string => hues[index % hues.length] ?? colours.asked

/** Several runs in one diagram. */
export function overlaidPanels(results: readonly Result[], nameOf: (result: Result) => string): readonly Told[] {
  const lines = (read: (result: Result) => Line['values']): readonly Line[] =>
    results.map((result, i) => ({ name: nameOf(result), colour: hueAt(i), values: read(result) }))
  const asked: Line = {
    name: 'asked for',
    colour: colours.asked,
    values: results[0]?.seconds.asked ?? [],
    style: 'dashed',
  }
  const told = results
    .map(result => `${nameOf(result)}: ${mean(result.seconds.served)} a second answered on average`)
    .join('; ')
  const worst = results.map(result => `${nameOf(result)}: at worst ${most(result.seconds.p99)} ms`).join('; ')
  return [
    {
      panel: {
        title: 'answered in time, per second',
        height: 200,
        lines: [asked, ...lines(({ seconds }) => seconds.served)],
      },
      told,
    },
    {
      panel: {
        title: 'answers p99, in milliseconds',
        height: 160,
        log: true,
        lines: lines(({ seconds }) => seconds.p99),
      },
      told: worst,
    },
    {
      panel: { title: 'executed for nobody, per second', height: 110, lines: lines(({ seconds }) => seconds.unwanted) },
      told: 'What the workers executed though nobody waited for it any more.',
    },
  ]
}
