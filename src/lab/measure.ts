import type { Run } from './run.ts'
import { dueBy } from './rate.ts'
import { sum } from './series.ts'
import type { Part, Second } from './tally.ts'

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

/** What became of what was due in a phase; of one population, as percentiles cannot be added. */
export function part(run: Run, population: string, phase: string): Part {
  const found = run.populations[population]?.phases[phase]
  if (found === undefined) throw new Error(`${run.scene.name} has no phase ${phase} of ${population}.`)
  return found
}

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

/** Of all that was due in a phase, the codes of what was not served, the most frequent first. */
export function codes(run: Run, phase: string): string {
  const counts = new Map<string, number>()
  for (const { phases } of Object.values(run.populations))
    for (const [code, n] of Object.entries(phases[phase]?.codes ?? {})) counts.set(code, (counts.get(code) ?? 0) + n)
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  return sorted.map(([code, n]) => `${n.toLocaleString('en-US')} × ${code}`).join(', ') || 'none'
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

/** Cores used on average over the run, by role. */
export function cores(run: Run): Readonly<Record<string, number>> {
  const roles = Object.keys(run.samples[0]?.cpu ?? {})
  const mean = (role: string): number =>
    run.samples.reduce((sum, { cpu }) => sum + (cpu[role] ?? 0), 0) / Math.max(1, run.samples.length)
  return Object.fromEntries(roles.map(role => [role, mean(role)]))
}
