import { every, later, until } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Endpoint } from './endpoint.ts'

export type OutlierOptions = Readonly<{
  everyMs: number
  minCalls: number // of an endpoint since it was last judged: few go to a slow one
  failurePercent: number // more than the median of the others
  slowFactor: number // times the median of the others
  ejectMs: number
  maxPercent: number // of the endpoints
}>

/** A difference of less than this is no slowness. */
const noticeableMs = 20
const most = 6 // doublings of the time

/**
 * Puts aside the endpoints that fail or are slow while the others are not, for a time that grows with each repetition, and
 * never more than a share of all: a fault that all have is not theirs. Who comes back is on probation.
 */
export class Outliers implements Disposable {
  readonly #upstream: string
  readonly #endpoints: () => readonly Endpoint[]
  readonly #options: OutlierOptions
  readonly #until = new Map<Endpoint, Instant>()
  readonly #times = new WeakMap<Endpoint, number>()
  readonly #timer: Disposable

  constructor(upstream: string, endpoints: () => readonly Endpoint[], options: OutlierOptions) {
    this.#upstream = upstream
    this.#endpoints = endpoints
    this.#options = options
    this.#timer = every(options.everyMs, () => this.look())
  }

  look(): void {
    const endpoints = this.#endpoints()
    for (const [endpoint, instant] of this.#until)
      if (until(instant) === 0 || !endpoints.includes(endpoint)) this.#letIn(endpoint)
    const seen = endpoints.filter(({ ejected }) => !ejected).map(endpoint => ({ endpoint, ...endpoint.results.counts }))
    for (const one of seen) {
      const { endpoint, calls, failures, ms } = one
      const others = seen.filter(other => other !== one && other.calls > 0)
      if (calls < this.#least(endpoint) || others.length === 0) continue
      endpoint.results.judged()
      const failing = (failures / calls) * 100 - median(others.map(other => (other.failures / other.calls) * 100))
      const usualMs = median(others.map(other => other.ms))
      const isSlow = ms - usualMs > noticeableMs && ms > usualMs * this.#options.slowFactor
      endpoint.onProbation = false
      if (failing >= this.#options.failurePercent) this.#eject(endpoint, `${failures} of ${calls} calls failed`)
      else if (isSlow) this.#eject(endpoint, `it takes ${Math.round(ms)} ms, others ${Math.round(usualMs)}`)
      else if (!this.#until.has(endpoint)) this.#calm(endpoint)
    }
  }

  /** Calls that it takes to judge: few of an endpoint that was put aside, as it is likely to be so still. */
  #least({ onProbation }: Endpoint): number {
    const { minCalls } = this.#options
    return onProbation ? Math.min(minCalls, 3) : minCalls
  }

  #eject(endpoint: Endpoint, reason: string): void {
    const { ejectMs, maxPercent } = this.#options
    const all = this.#endpoints()
    if (((this.#until.size + 1) / all.length) * 100 > maxPercent) return
    const times = this.#times.get(endpoint) ?? 0
    this.#times.set(endpoint, Math.min(times + 1, most))
    this.#until.set(endpoint, later(ejectMs * 2 ** times))
    endpoint.ejected = true
    tell(this.#upstream, endpoint, 'ejected', reason)
  }

  #letIn(endpoint: Endpoint): void {
    this.#until.delete(endpoint)
    endpoint.ejected = false
    endpoint.onProbation = true
    endpoint.results.forget()
    tell(this.#upstream, endpoint, 'returned', 'its time is over')
  }

  /** A look without trouble takes one doubling back. */
  #calm(endpoint: Endpoint): void {
    const times = this.#times.get(endpoint) ?? 0
    if (times > 0) this.#times.set(endpoint, times - 1)
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

/** Something has become of an endpoint. */
export const tell = (upstream: string, { name }: Pick<Endpoint, 'name'>, kind: EndpointEvent, reason: string): void => {
  if (events.endpoint.hasSubscribers) events.endpoint.publish({ upstream, endpoint: name, kind, reason })
}
type EndpointEvent = Parameters<typeof events.endpoint.publish>[0]['kind']
