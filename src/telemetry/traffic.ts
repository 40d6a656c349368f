import { every, now, wallClock } from '../clock.ts'
import type { Instant } from '../clock.ts'
import type { Moment } from '../console/sections.d.ts'
import type { Meter } from './meter.ts'

const lookMs = 1_000
const kept = 300

/** The last five minutes second by second, read from what the metrics count anyway: a call pays nothing for it. */
export class Traffic implements Disposable {
  readonly #meter: Meter
  readonly #moments: Moment[] = []
  readonly #looking: Disposable
  readonly #routes = new Map<string, { total: number; rate: number }>()
  #before: Reading | null = null

  constructor(meter: Meter) {
    this.#meter = meter
    this.#looking = every(lookMs, () => this.look())
  }

  get moments(): readonly Moment[] {
    return this.#moments
  }

  /** Requests a second of a route in the last second. */
  rateOf(route: string): number {
    return this.#routes.get(route)?.rate ?? 0
  }

  look(): void {
    const before = this.#before
    const reading = (this.#before = this.#read())
    if (before === null) return
    const seconds = Math.max(0.001, (reading.at - before.at) / 1_000)
    const rate = (status: string): number =>
      ((reading.statuses.get(status) ?? 0) - (before.statuses.get(status) ?? 0)) / seconds
    const counts = reading.counts.map((count, i) => count - (before.counts[i] ?? 0))
    for (const [route, total] of reading.routes) {
      const known = this.#routes.get(route)
      this.#routes.set(route, { total, rate: known === undefined ? 0 : (total - known.total) / seconds })
    }
    if (this.#moments.length === kept) this.#moments.shift()
    this.#moments.push({
      at: wallClock(),
      ok: rounded(rate('1xx') + rate('2xx') + rate('3xx')),
      refused: rounded(rate('4xx')),
      failed: rounded(rate('5xx')),
      p50Ms: quantile(0.5, counts, reading.bounds),
      p99Ms: quantile(0.99, counts, reading.bounds),
    })
  }

  #read(): Reading {
    const statuses = new Map<string, number>()
    const routes = new Map<string, number>()
    for (const { labels, value } of this.#meter.find('sluice_calls_total')?.cells ?? []) {
      const { status = '', route = '' } = labels
      statuses.set(status, (statuses.get(status) ?? 0) + value)
      routes.set(route, (routes.get(route) ?? 0) + value)
    }
    const took = this.#meter.find('sluice_call_duration_seconds')
    const counts: number[] = []
    for (const { labels, counts: own } of took?.spreads ?? [])
      if (labels['result'] === 'reply') own.forEach((count, i) => (counts[i] = (counts[i] ?? 0) + count))
    return { at: now(), statuses, routes, counts, bounds: took?.bounds ?? [] }
  }

  [Symbol.dispose](): void {
    this.#looking[Symbol.dispose]()
  }
}

type Reading = Readonly<{
  at: Instant
  statuses: ReadonlyMap<string, number>
  routes: ReadonlyMap<string, number>
  counts: readonly number[] // of the answers of workers, by bucket
  bounds: readonly number[]
}>

const rounded = (rate: number): number => Math.round(rate * 10) / 10

/** In milliseconds, within its bucket in proportion, as histogram_quantile of Prometheus has it; null without any. */
export function quantile(share: number, counts: readonly number[], boundsSeconds: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total <= 0) return null
  let rank = share * total
  for (const [bucket, count] of counts.entries()) {
    const upper = boundsSeconds[bucket]
    const lower = boundsSeconds[bucket - 1] ?? 0
    if (upper === undefined) return lower * 1_000
    if (rank <= count && count > 0) return Math.round((lower + ((upper - lower) * rank) / count) * 1e5) / 100
    rank -= count
  }
  return null
}
