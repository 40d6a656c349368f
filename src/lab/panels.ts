import { bySecond, gauge } from './measure.ts'
import type { Of } from './measure.ts'
import { colours } from './panel.ts'
import type { Line, Panel } from './panel.ts'
import type { Run } from './run.ts'

/** The hue of each way in which a request can fail: refusals are cool, what has cost the client time is warm. */
const hues: Readonly<Record<string, string>> = {
  'bulkhead-full': '#4493f8',
  shed: '#54aeff',
  overloaded: '#80ccff',
  'circuit-open': '#986ee2',
  'no-worker': '#6e40c9',
  'worker-behind': '#b083f0',
  'partition-stuck': '#8957e5',
  'rate-limited': '#39c5cf',
  'not-ready': '#768390',
  'deadline-exceeded': '#c69026',
  'reply-timeout': '#e0823d',
  'client-gone': '#e5534b',
  'connection-lost': '#a40e26',
}

export const hueOf = (code: string): string => hues[code] ?? colours.asked

/** What became of what was asked, second by second, stacked up to what was asked for. */
export function fates(run: Run, of: Of = 'all', title = 'what became of the requests, per second'): Panel {
  const codes = new Map<string, readonly number[]>()
  for (const code of codesOf(run))
    codes.set(
      code,
      bySecond(run, of, second => second.codes[code] ?? 0),
    )
  const failures: Line[] = [...codes]
    .filter(([, values]) => values.some(value => value > 0))
    .map(([name, values]) => ({ name, colour: hues[name] ?? colours.asked, values, style: 'area' }))
  const served = bySecond(run, of, ({ fates }) => fates.served)
  return {
    title,
    height: 150,
    lines: [{ name: 'answered in time', colour: colours.good, values: served, style: 'area' }, ...failures],
  }
}

/** How much of the workers' work somebody still waited for, and how much they could do. */
export function work(run: Run, top?: number): Panel {
  const { samples, scene } = run
  const of = (read: (deeds: (typeof samples)[number]['deeds']) => number): readonly number[] =>
    samples.slice(0, Math.ceil(run.lengthMs / 1_000)).map(({ deeds }) => read(deeds))
  const limit = Array.from({ length: Math.ceil(run.lengthMs / 1_000) }, (_, i) => scene.possible(i * 1_000 + 500))
  return {
    title: 'what the workers did, per second',
    height: 130,
    max: top ?? Math.ceil(Math.max(...limit) * 0.12) * 10,
    lines: [
      {
        name: 'somebody waited for',
        colour: colours.good,
        values: of(({ executed, unwanted }) => executed - unwanted),
        style: 'area',
      },
      { name: 'for nobody any more', colour: colours.bad, values: of(({ unwanted }) => unwanted), style: 'area' },
      { name: 'what they can do', colour: colours.limit, values: limit, style: 'dashed' },
    ],
  }
}

/** How long clients waited for answers and for refusals. */
export function latency(run: Run, population: string): Panel {
  const seconds = (run.populations[population]?.seconds ?? []).slice(0, Math.ceil(run.lengthMs / 1_000))
  return {
    title: 'how long they waited, in milliseconds',
    height: 140,
    log: true,
    lines: [
      { name: 'answers p99', colour: colours.good, values: seconds.map(({ served }) => served.p99) },
      { name: 'answers p50', colour: colours.good, values: seconds.map(({ served }) => served.p50), style: 'dashed' },
      { name: 'refusals p99', colour: colours.first, values: seconds.map(({ refused }) => refused.p99) },
    ],
  }
}

/** Share of each population's requests that were answered in time, second by second. */
export function shares(run: Run, names: Readonly<Record<string, string>>, title: string): Panel {
  const line = ([name, colour]: [string, string]): Line => {
    const asked = bySecond(run, name, ({ sent }) => sent)
    const served = bySecond(run, name, ({ fates }) => fates.served)
    const share = served.map((n, i) => (asked[i] ? Math.min(100, (100 * n) / asked[i]) : null))
    return { name, colour, values: share }
  }
  return { title, height: 150, max: 100, lines: Object.entries(names).map(line) }
}

/** A gauge of the gateway, such as its memory; `scale` makes its unit one for people. */
export const gauges = (
  run: Run,
  title: string,
  of: readonly Readonly<{ name: string; series: string; scale?: number; colour: string }>[],
): Panel => ({
  title,
  height: 90,
  lines: of.map(({ name, series, scale = 1, colour }) => ({
    name,
    colour,
    values: gauge(run, series)
      .slice(0, Math.ceil(run.lengthMs / 1_000))
      .map(value => (value === null ? null : value * scale)),
  })),
})

const codesOf = (run: Run): readonly string[] => {
  const all = Object.values(run.populations).flatMap(({ seconds }) =>
    seconds.flatMap(({ codes }) => Object.keys(codes)),
  )
  const order = Object.keys(hues)
  return [...new Set(all)].toSorted((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1))
}
