import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import type { ModeName } from '../../config/schema.ts'
import { later, now, since, until } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { events } from '../events.ts'
import type { CircuitState } from '../events.ts'
import { Problem } from '../problem.ts'
import { spread } from './refusal.ts'
import { rotating } from './rotation.ts'

export type CircuitOptions = Readonly<{
  name: string // for the metrics and for the client
  mode: ModeName
  windowMs: number
  minCalls: number // verdicts in the window before the share of failures counts
  failurePercent: number
  consecutive: number // failures in a row that open it, however few the calls
  openMs: number
  longestWaitMs: number // after which a probe without a verdict gives its place away
}>

/** What one call says about the target. `none`: nothing, as when the client left or we refused it ourselves. */
export type Verdict = 'success' | 'failure' | 'none'
/** The right to a verdict. It is void once the circuit has changed, or the probe's place has gone to another. */
export type Pass = number
/** A pass that is void already. */
export const spent: Pass = -1

type Bucket = { fires: number; latencyTimes: number[] }

const failure = new Error('a failure')
/** All that opossum runs: it throws at once, so that opossum opens at once and not a microtask after the next call. */
const fails = (): Promise<never> => {
  throw failure
}

/**
 * One target's health. opossum counts verdicts and keeps the state and its timer; the calls run outside it, because it
 * would count an ignored error as a success, dilute the window with refusals and with calls still in flight, and let a
 * success from before the opening close the circuit.
 *
 * Still to come, each at its place: a window of slow calls beside `#count`; several probes in `#takeProbe`; growing
 * open times in `#openMs`.
 */
export class Circuit implements Disposable {
  readonly name: string
  readonly mode: ModeName
  readonly #options: CircuitOptions
  readonly #buckets: number
  readonly #turn = new EventEmitter()
  readonly #rotation: Disposable
  #counter: CircuitBreaker<[], never>
  #bucket: Bucket
  #state: CircuitState = 'closed'
  #generation: Pass = 0 // verdicts with the pass of another generation are void
  #inARow = 0
  #probing = false
  #probeBegan = now()
  #openUntil: Instant = now()
  #closedAt: Instant | null = null
  #reason = ''

  constructor(options: CircuitOptions) {
    this.name = options.name
    this.mode = options.mode
    this.#options = options
    // a bucket lasts at least a second where the window allows it: an idle process should hardly wake up
    this.#buckets = Math.max(2, Math.min(10, Math.floor(options.windowMs / 1_000)))
    this.#counter = this.#counting(false)
    this.#bucket = this.#newest()
    this.#rotation = rotating(Math.max(1, Math.floor(options.windowMs / this.#buckets)), () => this.#rotate())
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Whether it was open or half-open at some time since. */
  troubledSince(instant: Instant): boolean {
    return this.#state !== 'closed' || (this.#closedAt !== null && this.#closedAt >= instant)
  }

  /** Lets a call through with a pass for `judge`; null refuses it, as `refusal` explains. */
  admit(): Pass | null {
    if (this.#state === 'closed') return this.#generation
    return this.#takeProbe() ? this.#generation : null
  }

  /** Counts what a call that was let through says about the target; `why` names the failure. */
  judge(pass: Pass, verdict: Verdict, why = 'a failure'): void {
    if (pass !== this.#generation) return // begun before the last change, or a probe that lost its place
    if (verdict === 'none') this.#probing = false
    else if (this.#state === 'closed') this.#count(verdict, why)
    else if (verdict === 'success') this.#close()
    else this.#open(`the probe failed: ${why}`)
  }

  /** Why a call is refused now. */
  refusal(policy: string): Problem {
    const open = this.#state === 'open'
    // half-open: the probe will soon tell, one way or the other
    const retryAfterMs = spread(open ? until(this.#openUntil) : Math.min(this.#options.openMs, 1_000))
    const why = open ? this.#reason : 'a probe is under way'
    return new Problem('circuit-open', `The circuit ${this.name} is ${this.#state}: ${why}.`, { retryAfterMs, policy })
  }

  /** The refusal that a call would meet now, or null: for the gate, which takes no probe. */
  wouldRefuse(policy: string): Problem | null {
    if (this.#state === 'closed' || this.mode !== 'enforce') return null
    return this.#state === 'half-open' && this.#probeIsFree() ? null : this.refusal(policy)
  }

  /** Lets a probe through at once: there is news of the target, such as a fresh connection. Does nothing unless open. */
  halfOpenNow(reason: string): void {
    if (this.#state !== 'open') return
    this.#counter.shutdown() // opossum half-opens by its timer only, but can be born half-open
    this.#counter = this.#counting(true)
    this.#bucket = this.#newest()
    this.#change('half-open', reason)
  }

  [Symbol.dispose](): void {
    this.#rotation[Symbol.dispose]()
    this.#counter.shutdown()
  }

  #probeIsFree(): boolean {
    return !this.#probing || since(this.#probeBegan) > this.#options.longestWaitMs
  }

  #takeProbe(): boolean {
    if (this.#state !== 'half-open' || !this.#probeIsFree()) return false
    if (this.#probing) this.#generation++ // the one before never ended: its verdict is void from now on
    this.#probing = true
    this.#probeBegan = now()
    return true
  }

  #count(verdict: 'success' | 'failure', why: string): void {
    if (verdict === 'success') {
      // into opossum's own bucket: firing it would cost 0.5 µs, and keep a latency for the whole window
      this.#inARow = 0
      this.#bucket.fires++
      return
    }
    this.#inARow++
    this.#reason = `at least ${this.#options.failurePercent} % failed, the last: ${why}`
    this.#counter.fire().catch(() => {}) // it opens in here, when the share is reached
    if (this.#bucket.latencyTimes.length > 1_000) this.#bucket.latencyTimes.length = 0 // kept by opossum, used by nobody
    if (this.#state === 'closed' && this.#inARow >= this.#options.consecutive)
      this.#open(`${this.#inARow} in a row failed, the last: ${why}`)
  }

  #open(reason: string): void {
    this.#reason = reason
    this.#counter.open()
  }

  #close(): void {
    this.#reason = 'the probe succeeded'
    this.#counter.close()
  }

  /** How long it opens now. */
  #openMs(): number {
    return this.#options.openMs
  }

  #change(to: CircuitState, reason: string): void {
    const from = this.#state
    this.#state = to
    this.#generation++
    this.#probing = false
    this.#inARow = 0
    if (to === 'closed') this.#closedAt = now()
    if (events.circuit.hasSubscribers) events.circuit.publish({ circuit: this.name, from, to, reason })
  }

  #counting(halfOpen: boolean): CircuitBreaker<[], never> {
    const { name, windowMs, minCalls, failurePercent } = this.#options
    const counter = new CircuitBreaker<[], never>(fails, {
      name,
      timeout: false,
      rollingPercentilesEnabled: false, // with them a failure recomputes the window: 1.4 ms at 20,000 calls
      enableSnapshots: false,
      rollingCountTimeout: windowMs,
      rollingCountBuckets: this.#buckets,
      rotateBucketController: this.#turn, // else it would own a timer
      volumeThreshold: minCalls,
      errorThresholdPercentage: failurePercent - 1e-9, // opossum asks for more than, we for at least
      resetTimeout: this.#openMs(),
      ...(halfOpen && { state: { enabled: true, closed: false, halfOpen: true } }),
    })
    counter.on('open', () => {
      this.#openUntil = later(this.#openMs())
      this.#change('open', this.#reason)
    })
    counter.on('halfOpen', () => this.#change('half-open', `${this.#openMs()} ms have passed`))
    counter.on('close', () => {
      for (let i = 0; i < this.#buckets; i++) this.#rotate() // else one failure would reopen it
      this.#change('closed', this.#reason)
    })
    return counter
  }

  #rotate(): void {
    this.#turn.emit('rotate')
    this.#bucket = this.#newest()
  }

  #newest(): Bucket {
    return this.#counter.status.window[0] as unknown as Bucket
  }
}
