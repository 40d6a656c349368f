import type { Run } from './run.ts'
import { dueBy } from './rate.ts'
import { sum } from './series.ts'
import type { Second } from './tally.ts'

/** Of these populations; `all` for every one. */
export type Of = string | readonly string[]
export type Span = readonly [fromMs: number, toMs: number]

const secondsOf = (run: Run, of: Of): readonly (readonly Second[])[] =>
  Object.entries(run.populations)
    .filter(([name]) => of === 'all' || (typeof of === 'string' ? of === name : of.includes(name)))
    .map(([, { seconds }]) => seconds)

/** Adds up a number over all these populations, by second. */
export function bySecond(run: Run, of: Of, read: (second: Second) => number): readonly number[] {
  const all = secondsOf(run, of)
  const length = Math.ceil(run.lengthMs / 1_000)
  return Array.from({ length }, (_, i) => all.reduce((sum, seconds) => sum + (seconds[i] ? read(seconds[i]) : 0), 0))
}

/** Adds up what stands in a list by second, from one moment up to another, both at whole seconds. */
export const within = (values: readonly number[], [fromMs, toMs]: Span): number =>
  values.slice(Math.round(fromMs / 1_000), Math.round(toMs / 1_000)).reduce((sum, value) => sum + value, 0)

/** Requests answered by the worker, while their clients waited, between two moments. */
export const goodput = (run: Run, span: Span, of: Of = 'all'): number =>
  within(
    bySecond(run, of, ({ fates }) => fates.served),
    span,
  )

/** What could have been answered between two moments: what was asked for, and no more than the workers can do. */
export function possible(run: Run, [fromMs, toMs]: Span): number {
  const { populations, possible } = run.scene
  const asked = (ms: number): number => populations.reduce((sum, { rate }) => sum + dueBy(rate, ms), 0)
  let total = 0
  for (let ms = fromMs; ms < toMs; ms += stepMs)
    total += Math.min((possible(ms) * stepMs) / 1_000, asked(ms + stepMs) - asked(ms))
  return total
}
const stepMs = 100

/** The same run as if there had been only these populations. */
export const only = (run: Run, names: readonly string[]): Run => ({
  ...run,
  populations: Object.fromEntries(Object.entries(run.populations).filter(([name]) => names.includes(name))),
})

/** From when to when a phase was. */
export function spanOf({ scene: { name, phases } }: Run, phase: string): Span {
  const found = phases.find(({ name }) => name === phase)
  if (found === undefined) throw new Error(`${name} has no phase ${phase}.`)
  return [found.fromMs, found.toMs]
}

/** A sum of the gateway's series at each second; null where it did not answer. */
export const gauge = (
  run: Run,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly (number | null)[] =>
  run.samples.map(({ metrics }) => (metrics === null ? null : sum(metrics, name, labels)))

/** How much a counter grew between two moments. */
export function grown(run: Run, name: string, [fromMs, toMs]: Span, labels: Readonly<Record<string, string>> = {}) {
  const values = gauge(run, name, labels)
  const at = (ms: number): number => values[Math.min(values.length, Math.round(ms / 1_000)) - 1] ?? 0
  return at(toMs) - at(fromMs)
}

/** Adds up what the workers did between two moments. */
export const deeds = (run: Run, span: Span) => {
  const of = (read: (sample: Run['samples'][number]) => number): number => within(run.samples.map(read), span)
  return {
    executed: of(sample => sample.deeds.executed),
    unwanted: of(sample => sample.deeds.unwanted),
    late: of(sample => sample.deeds.late),
    dropped: of(sample => sample.deeds.dropped),
  }
}
