import { availableParallelism } from 'node:os'
import type { Scenario } from '../../config/scenario/schema.ts'
import { isoTime, wallClock } from '../clock.ts'
import type { Curve, Spread } from './durations.ts'
import { ledgerRows } from './ledger.ts'
import { bySecond, deeds, gauge, within } from './measure.ts'
import { judge } from './judge.ts'
import type { Run } from './run.ts'
import { recoveryOf } from './recovery.ts'
import type { Recovery } from './recovery.ts'
import type { Spell } from './scene.ts'
import { sum } from './series.ts'
import { fates as allFates } from './tally.ts'
import type { Fate } from './tally.ts'
import type { Figure } from './verdict.ts'

type Series = readonly number[]
type Gauge = readonly (number | null)[]
export type CircuitName = 'closed' | 'open' | 'half-open'

/** What befell, and how long it took to be noticed and to be over; null: never, or not to be told. */
export type Befallen = Recovery & Readonly<{ name: string; label: string; fromMs: number; toMs: number }>

/** What came of a run, as plain data: the report is made of it, and two of them can be compared. */
export type Result = Readonly<{
  format: 1
  name: string
  title: string
  about: string
  lookFor: string
  decides: readonly string[]
  variant: string
  at: string // RFC 3339
  lengthMs: number
  interrupted: boolean
  /** By second. `codes`: of what was not answered in time, why. */
  seconds: Readonly<{
    asked: Series
    sent: Series
    served: Series
    codes: Readonly<Record<string, Series>>
    p50: Gauge
    p99: Gauge
    refusedP99: Gauge
    wanted: Series // commands executed for somebody who waited
    unwanted: Series
    possible: Series
    slots: Gauge
    inFlight: Gauge
    circuit: readonly (CircuitName | null)[]
    memoryMb: Gauge
  }>
  curve: Curve
  totals: Readonly<{
    asked: number
    sent: number
    answered: number
    fates: Readonly<Record<Fate, number>>
    codes: Readonly<Record<string, number>>
    executed: number
    unwanted: number
    late: number
    dropped: number
  }>
  cores: Readonly<Record<string, number>> // on average, by role
  machineCores: number // that there are
  generatorLate: Spread
  faults: readonly Befallen[]
  objectives: readonly Figure[]
  ledger: readonly Figure[]
}>

export type Played = Readonly<{ scenario: Scenario; spells: readonly Spell[]; name: string; variant: string }>

/** Makes plain data of a run. */
export function resultOf(run: Run, { scenario, spells, name, variant }: Played): Result {
  const { title, about, lookFor, decides, objectives } = scenario
  const length = Math.ceil(run.lengthMs / 1_000)
  const all = Object.values(run.populations)
  const total = (read: (second: (typeof all)[number]['seconds'][number]) => number): number =>
    all.reduce((sum, { seconds }) => sum + seconds.reduce((inner, second) => inner + read(second), 0), 0)
  const codes = [...new Set(all.flatMap(({ seconds }) => seconds.flatMap(({ codes }) => Object.keys(codes))))]
  const span = [0, run.samples.length * 1_000] as const
  const done = deeds(run, span)
  const executedBy = run.samples.slice(0, length).map(({ deeds }) => deeds.executed)
  const unwantedBy = run.samples.slice(0, length).map(({ deeds }) => deeds.unwanted)
  const cut = (values: Gauge): Gauge => values.slice(0, length)
  return {
    format: 1,
    name,
    title,
    about,
    lookFor,
    decides,
    variant,
    at: isoTime(wallClock()),
    lengthMs: run.lengthMs,
    interrupted: run.interrupted === true,
    seconds: {
      asked: bySecond(run, 'all', ({ asked }) => asked),
      sent: bySecond(run, 'all', ({ sent }) => sent),
      served: bySecond(run, 'all', ({ fates }) => fates.served),
      codes: Object.fromEntries(codes.map(code => [code, bySecond(run, 'all', ({ codes }) => codes[code] ?? 0)])),
      p50: worst(run, ({ served }) => served.p50),
      p99: worst(run, ({ served }) => served.p99),
      refusedP99: worst(run, ({ refused }) => refused.p99),
      wanted: executedBy.map((executed, i) => executed - (unwantedBy[i] ?? 0)),
      unwanted: unwantedBy,
      possible: Array.from({ length }, (_, i) => run.scene.possible(i * 1_000 + 500)),
      slots: cut(gauge(run, 'sluice_slots')),
      inFlight: cut(gauge(run, 'sluice_in_flight')),
      circuit: circuits(run).slice(0, length),
      memoryMb: cut(gauge(run, 'process_resident_memory_bytes').map(bytes => bytes && Math.round(bytes / 1_048_576))),
    },
    curve: curveOf(run),
    totals: {
      asked: total(({ asked }) => asked),
      sent: total(({ sent }) => sent),
      answered: total(({ answered }) => answered),
      fates: Object.fromEntries(allFates.map(fate => [fate, total(({ fates }) => fates[fate])])) as Record<
        Fate,
        number
      >,
      codes: Object.fromEntries(codes.map(code => [code, total(({ codes }) => codes[code] ?? 0)])),
      ...done,
    },
    cores: coresOf(run),
    machineCores: availableParallelism(),
    generatorLate: run.late,
    faults: spells.map(spell => {
      const { name, label, fromMs, toMs } = spell
      return { name, label, fromMs, toMs, ...recoveryOf(run, spell) }
    }),
    objectives: judge(run, objectives, spells),
    ledger: ledgerRows(run),
  }
}

/** Percentiles of several populations cannot be added: the worst of them is shown. */
function worst(run: Run, read: (second: Run['populations'][string]['seconds'][number]) => number | null): Gauge {
  const all = Object.values(run.populations)
  return Array.from({ length: Math.ceil(run.lengthMs / 1_000) }, (_, i) =>
    all.reduce<number | null>((most, { seconds }) => {
      const value = seconds[i] === undefined ? null : read(seconds[i])
      return value === null ? most : Math.max(most ?? 0, value)
    }, null),
  )
}

/** Of the clients who ask most. */
function curveOf(run: Run): Curve {
  const count = (of: Run['populations'][string]): number =>
    within(
      of.seconds.map(({ sent }) => sent),
      [0, 1e9],
    )
  const [first] = Object.values(run.populations).toSorted((a, b) => count(b) - count(a))
  return first?.curve ?? []
}

const states: readonly CircuitName[] = ['open', 'half-open', 'closed']

/** Of the worst circuit of a worker, at each second. */
const circuits = (run: Run): readonly (CircuitName | null)[] =>
  run.samples.map(({ metrics }) => {
    if (metrics === null) return null
    const inState = (state: CircuitName): number =>
      sum(metrics, 'sluice_circuit_state', { state }) -
      sum(metrics, 'sluice_circuit_state', { circuit: 'cluster', state })
    return states.find(state => inState(state) > 0) ?? null
  })

function coresOf({ samples }: Run): Readonly<Record<string, number>> {
  const roles = Object.keys(samples[0]?.cpu ?? {})
  const mean = (role: string): number => samples.reduce((sum, { cpu }) => sum + (cpu[role] ?? 0), 0) / samples.length
  return Object.fromEntries(roles.map(role => [role, Math.round(mean(role) * 100) / 100]))
}
