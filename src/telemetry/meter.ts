import { Registry } from 'prom-client'
import type { Metric, OpenMetricsContentType } from 'prom-client'
import { wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'

export type Kind = 'counter' | 'gauge' | 'histogram'
export type Labels<Name extends string> = Readonly<Record<Name, string>>
export type Spec<Name extends string> = Readonly<{
  name: string
  help: string
  labels?: readonly Name[]
  refresh?: () => void // brings the series up to date before they are read
}>
/** What there is to measure, for docs/metrics.md. */
export type Described = Readonly<{ name: string; kind: Kind; labels: readonly string[]; help: string }>
/** A metric with all its series: plain numbers, which are as they are once `refresh` has been called. */
export type Measured = Described &
  Readonly<{
    cells: readonly Cell[]
    spreads: readonly Spread[]
    bounds: readonly number[] // of the spreads
    refresh: () => void
  }>

/** One series, kept as a plain number. */
export class Cell<Name extends string = string> {
  readonly labels: Labels<Name>
  value = 0
  constructor(labels: Labels<Name>) {
    this.labels = labels
  }
}

/** A call that a bucket counted. */
export type Exemplar = Readonly<{ traceId: string; value: number; at: EpochMs }>
const exemplarMs = 1_000

/** One series of a histogram, kept as plain numbers: a count for each bucket, and the sum. */
export class Spread<Name extends string = string> {
  readonly labels: Labels<Name>
  readonly counts: Float64Array
  sum = 0
  /** A call of each bucket whose trace was sampled; null: none yet. */
  readonly exemplars: (Exemplar | null)[]
  readonly #bounds: readonly number[]

  constructor(labels: Labels<Name>, bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1) // the last is for what is above all bounds
    this.exemplars = Array.from({ length: bounds.length + 1 }, () => null)
  }

  /** Counts it; `traceId` is of a trace that somebody can look at, for one of each bucket and second. */
  observe(value: number, traceId: string | null = null): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    ;(this.counts[bucket] as number)++
    this.sum += value
    if (traceId === null) return
    const at = wallClock()
    const known = this.exemplars[bucket]
    if (known === null || known === undefined || at - known.at >= exemplarMs)
      this.exemplars[bucket] = { traceId, value, at }
  }
}

/**
 * The metrics with their series, counted in plain numbers and handed to prom-client only when they are read: it hashes the
 * labels of each count, 0.8 µs for the two of a request, where a number in hand takes 0.05.
 */
export class Meter {
  readonly measured: Measured[] = []
  readonly #registry = new Registry()
  readonly #openRegistry = new Registry<OpenMetricsContentType>()

  constructor() {
    this.#openRegistry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  }

  /** Makes the series of a counter: make one for each set of labels, keep it, and add to it. */
  counter<Name extends string = never>(spec: Spec<Name>): (labels: Labels<Name>) => Cell<Name> {
    return this.#cells('counter', spec)
  }

  gauge<Name extends string = never>(spec: Spec<Name>): (labels: Labels<Name>) => Cell<Name> {
    return this.#cells('gauge', spec)
  }

  histogram<Name extends string = never>(
    spec: Spec<Name>,
    bounds: readonly number[],
  ): (labels: Labels<Name>) => Spread<Name> {
    const spreads: Spread<Name>[] = []
    this.#add(describe('histogram', spec), { cells: [], spreads, bounds, refresh: spec.refresh ?? nothing })
    return labels => kept(spreads, new Spread(labels, bounds))
  }

  get described(): readonly Described[] {
    return this.measured.map(({ name, kind, labels, help }) => ({ name, kind, labels, help }))
  }

  /** The metric of that name, or undefined. */
  find(name: string): Measured | undefined {
    return this.measured.find(metric => metric.name === name)
  }

  /** All series in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** All series in the format of OpenMetrics, with exemplars. */
  openMetrics(): Promise<string> {
    return this.#openRegistry.metrics()
  }

  #cells<Name extends string>(kind: Kind, spec: Spec<Name>): (labels: Labels<Name>) => Cell<Name> {
    const cells: Cell<Name>[] = []
    this.#add(describe(kind, spec), { cells, spreads: [], bounds: [], refresh: spec.refresh ?? nothing })
    return labels => kept(cells, new Cell(labels))
  }

  #add(described: Described, series: Omit<Measured, keyof Described>): void {
    const measured = { ...described, ...series }
    this.measured.push(measured)
    this.#registry.registerMetric(shownAs(measured, measured.name))
    // there a counter's name has no ending: it is added to each of its samples
    this.#openRegistry.registerMetric(shownAs(measured, measured.name.replace(/_total$/, '')))
  }
}

const nothing = (): void => {}
const describe = <Name extends string>(kind: Kind, { name, help, labels = [] }: Spec<Name>): Described => ({
  name,
  kind,
  labels,
  help,
})

/** prom-client's own metrics cannot be filled from outside; of a metric its registry asks no more than this. */
function shownAs({ kind, help, cells, spreads, bounds, refresh }: Measured, name: string): Metric {
  const get = () => {
    refresh()
    const values =
      kind === 'histogram'
        ? spreads.flatMap(spread => samples(name, spread, bounds))
        : cells.map(({ labels, value }) => ({ labels, value }))
    return Promise.resolve({ name, help, type: kind, values })
  }
  return { name, help, type: kind, get } as unknown as Metric
}

/** Stands for every name that is not in the configuration: clients must not be able to make series. */
export const none = 'none'

/** What belongs to a name that is known from the start, else to `none`. */
export function byName<T>(names: Iterable<string>, make: (name: string) => T): (name: string) => T {
  const known = new Map(Array.from(new Set(names), name => [name, make(name)]))
  let rest: T | undefined
  return name => known.get(name) ?? (rest ??= make(none))
}

/** Something in one of several states, the first at the start: one series a state, of which one is 1 and the rest 0. */
export function oneOf<Name extends string, State extends string>(
  states: readonly State[],
  labels: (state: State) => Labels<Name>,
  make: (labels: Labels<Name>) => Cell<Name>,
): (state: State) => void {
  const cells = states.map(state => [state, make(labels(state))] as const)
  const enter = (now: State): void => {
    for (const [state, cell] of cells) cell.value = state === now ? 1 : 0
  }
  if (states[0] !== undefined) enter(states[0])
  return enter
}

type Sample = Readonly<{
  metricName: string
  labels: Readonly<Record<string, string | number>>
  value: number
  exemplar?: Readonly<{ labelSet: Readonly<{ trace_id: string }>; value: number; timestamp: number }>
}>

function samples(name: string, { labels, counts, sum, exemplars }: Spread, bounds: readonly number[]): Sample[] {
  let count = 0
  const buckets = Array.from(counts, (inBucket, i) => {
    count += inBucket
    const known = exemplars[i] ?? null
    const bucket = { metricName: `${name}_bucket`, labels: { le: bounds[i] ?? '+Inf', ...labels }, value: count }
    if (known === null) return bucket
    const { traceId, value, at } = known
    return { ...bucket, exemplar: { labelSet: { trace_id: traceId }, value, timestamp: at / 1_000 } }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

function kept<T>(all: T[], one: T): T {
  all.push(one)
  return one
}
