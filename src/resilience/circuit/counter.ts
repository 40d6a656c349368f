import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import type { CircuitState } from '../../events.ts'
import type { Cause, Source, Verdict } from './health.ts'
import { isShared, Parties } from './parties.ts'
import { percentOf } from './share.ts'
import { Window } from './window.ts'

export type CounterOptions = Readonly<{
  name: string
  windowMs: number
  minCalls: number
  failurePercent: number
  consecutive: number
  slowMs: number // Infinity: none is slow
  slowPercent: number
  shared?: boolean // by tenants, of whom none opens it alone
}>
/** What it tells its circuit. `opening` gives the time that it is to stay open. */
export type Moves = Readonly<{
  opening: () => number
  opened: (cause: Cause) => void
  halfOpened: () => void
  closed: (cause: Cause) => void
}>

type Bucket = { fires: number; failures: number; latencyTimes: number[] }

const failure = new Error('a failure')
/** All that opossum runs: it throws at once, so that opossum opens at once and not a microtask after the next call. */
const fails = (): Promise<never> => {
  throw failure
}

/** Buckets of a window: each lasts at least a second where the window allows it, as an idle process should hardly wake up. */
export const bucketsOf = (windowMs: number): number => Math.max(2, Math.min(10, Math.floor(windowMs / 1_000)))

/**
 * What is counted of a target, and when that opens its circuit. opossum counts failures in a window, and keeps the state and
 * its timer; slow successes have a window of their own. opossum half-opens by its timer only, but can be born in any state:
 * a circuit that is moved otherwise gets a new counter.
 */
export class Counter implements Disposable {
  readonly #options: CounterOptions
  readonly #breaker: CircuitBreaker<[], never>
  readonly #buckets: number
  readonly #turn = new EventEmitter()
  readonly #slow: Window | null // of the successes
  readonly #parties: Readonly<{ failed: Parties; slow: Parties }> | null // null: nobody shares it
  #bucket: Bucket
  #inARow = 0 // failures since the last answer
  #first: Source | null = null // of the first of them
  #several = false // whether they are of more than one client or key; of more than one tenant, where they share it
  #lastFailure = ''
  #cause: Cause | null = null // of the change under way; null when opossum decides it

  /** `openMs` is how long it is open when it is born so. */
  constructor(options: CounterOptions, moves: Moves, state: CircuitState, openMs: number) {
    this.#options = options
    this.#buckets = bucketsOf(options.windowMs)
    this.#slow = options.slowMs === Infinity ? null : new Window(this.#buckets)
    this.#parties =
      options.shared === true ? { failed: new Parties(this.#buckets), slow: new Parties(this.#buckets) } : null
    const settings = {
      name: options.name,
      timeout: false as const,
      rollingPercentilesEnabled: false, // with them a failure recomputes the window: 1.4 ms at 20,000 calls
      enableSnapshots: false,
      rollingCountTimeout: options.windowMs,
      rollingCountBuckets: this.#buckets,
      rotateBucketController: this.#turn, // else it would own a timer
      volumeThreshold: options.minCalls,
      errorThresholdPercentage: options.failurePercent - 1e-9, // opossum asks for more than, we for at least
      resetTimeout: openMs,
      ...(state !== 'closed' && { state: { enabled: true, closed: false, halfOpen: state === 'half-open' } }),
    }
    this.#breaker = new CircuitBreaker<[], never>(fails, settings)
    // before opossum's own listener, which starts the timer; opossum keeps the object that it was given
    this.#breaker.prependListener('open', () => void (settings.resetTimeout = moves.opening()))
    this.#breaker.on('open', () => moves.opened(this.#cause ?? this.#failures()))
    this.#breaker.on('halfOpen', moves.halfOpened)
    this.#breaker.on('close', () => {
      for (let i = 0; i < this.#buckets; i++) this.rotate() // else one failure would reopen it
      this.#inARow = 0
      moves.closed(this.#cause ?? { reason: 'it was closed' })
    })
    this.#bucket = this.#newest()
  }

  /** Counts, and opens when there is enough of it; with `held` it only counts. */
  count(verdict: Exclude<Verdict, 'none'>, why: string, held: boolean, source: Source | null): void {
    if (verdict === 'failure') return this.#failed(why, held, source)
    if (verdict === 'lost') return this.#erred(why, held, source)
    this.#inARow = 0
    if (verdict === 'error') return this.#erred(why, held, source)
    const tenant = this.#parties === null ? undefined : source?.tenant?.name
    if (tenant !== undefined) this.#parties?.failed.add(tenant, false)
    this.#bucket.fires++ // into opossum's own bucket: firing it would cost 0.5 µs, and keep a latency for the whole window
    const slow = this.#slow
    if (slow === null) return
    slow.add(verdict === 'slow')
    if (tenant !== undefined) this.#parties?.slow.add(tenant, verdict === 'slow')
    if (verdict !== 'slow' || held) return
    const { minCalls, slowMs, slowPercent } = this.#options
    if (!isShared(slow, minCalls, slowPercent, this.#parties?.slow ?? null)) return
    const reason = `at least ${slowPercent} % took longer than ${slowMs} ms`
    this.open({ reason, limit: slowPercent, observed: percentOf(slow.hits, slow.calls) })
  }

  open(cause: Cause): void {
    this.#cause = cause
    this.#breaker.open()
    this.#cause = null
  }

  close(cause: Cause): void {
    this.#cause = cause
    this.#breaker.close()
    this.#cause = null
  }

  /** Begins a bucket of the windows. */
  rotate(): void {
    this.#turn.emit('rotate')
    this.#bucket = this.#newest()
    this.#slow?.rotate()
    this.#parties?.failed.rotate()
    this.#parties?.slow.rotate()
  }

  /** What the windows hold, and the failures in a row. Added up when asked, so not for a call. */
  get totals(): Readonly<{ verdicts: number; failures: number; slow: number; inARow: number }> {
    const { fires, failures } = this.#breaker.stats
    return { verdicts: fires, failures, slow: this.#slow?.hits ?? 0, inARow: this.#inARow }
  }

  [Symbol.dispose](): void {
    this.#breaker.shutdown()
  }

  #failed(why: string, held: boolean, source: Source | null): void {
    if (this.#inARow++ === 0) {
      this.#first = source
      this.#several = false
    }
    const isOne = this.#parties === null ? isSameInput : isSameTenant
    this.#several ||= source === null || !isOne(this.#first, source)
    this.#erred(why, held, source)
    const { consecutive } = this.#options
    const several = this.#several || consecutive === 1
    if (held || !several || this.#inARow < consecutive || !this.#breaker.closed) return
    const reason = `${this.#inARow} in a row failed, the last: ${why}`
    this.open({ reason, limit: consecutive, observed: this.#inARow })
  }

  /** Counts in the share. */
  #erred(why: string, held: boolean, source: Source | null): void {
    this.#lastFailure = why
    if (held || this.#isOfOneTenant(source)) {
      this.#bucket.fires++
      this.#bucket.failures++
      return
    }
    this.#breaker.fire().catch(() => {}) // it opens in here, when the share is reached
    if (this.#bucket.latencyTimes.length > 1_000) this.#bucket.latencyTimes.length = 0 // kept by opossum, used by nobody
  }

  /** Counts the failure for its tenant; whether the failures of one tenant alone make the share. */
  #isOfOneTenant(source: Source | null): boolean {
    if (this.#parties === null) return false
    if (source?.tenant !== undefined) this.#parties.failed.add(source.tenant.name, true)
    const { verdicts, failures } = this.totals
    const { minCalls, failurePercent } = this.#options
    return !isShared({ calls: verdicts + 1, hits: failures + 1 }, minCalls, failurePercent, this.#parties.failed)
  }

  #failures(): Cause {
    const { failurePercent } = this.#options
    const { failures, verdicts } = this.totals
    const reason = `at least ${failurePercent} % failed, the last: ${this.#lastFailure}`
    return { reason, limit: failurePercent, observed: percentOf(failures, verdicts) }
  }

  #newest(): Bucket {
    return this.#breaker.status.window[0] as unknown as Bucket
  }
}

/** Whether both are of one client and one key. Without a key no two calls ask for the same. */
const isSameInput = (a: Source | null, b: Source): boolean =>
  a !== null && a.client === b.client && a.key !== null && b.key !== null && Buffer.compare(a.key, b.key) === 0

const isSameTenant = (a: Source | null, b: Source): boolean =>
  b.tenant === undefined ? isSameInput(a, b) : a?.tenant?.name === b.tenant.name
