import { every } from '../../clock.ts'
import { events } from '../../events.ts'

export type PlanOptions = Readonly<{
  steps: readonly number[] // percent, rising
  everyMs: number // that a step must hold
  minCalls: number // to the topic, for a step to be judged
  failurePercent: number
  slowMs?: number | undefined // mean of the answers from the topic
  differencePercent?: number | undefined // of what was mirrored
  start: boolean
}>
/** What happened to the calls that went to the topic. */
export type Seen = Readonly<{ calls: number; failures: number; ms: number; compared: number; different: number }>
export type PlanState = 'off' | 'rising' | 'held' | 'done'

const lookMs = 1_000

/**
 * Raises the share of a topic step by step. It goes on when a step has held its time with enough calls, and a step back, to be
 * held there until somebody starts it again, as soon as an objective fails.
 */
export class Plan implements Disposable {
  readonly #route: string
  readonly #options: PlanOptions
  readonly #take: () => Seen
  readonly #set: (percent: number) => void
  readonly #timer: Disposable
  #state: PlanState = 'off'
  #reason = ''
  #step = -1 // −1: before the first
  #heldMs = 0
  #sum: Seen = nothing

  constructor(route: string, options: PlanOptions, take: () => Seen, set: (percent: number) => void) {
    this.#route = route
    this.#options = options
    this.#take = take
    this.#set = set
    this.#timer = every(lookMs, () => this.look())
    if (options.start) this.start()
  }

  get state(): Readonly<{
    state: PlanState
    step: number
    percent: number
    reason: string
    calls: number
    failures: number
  }> {
    const { calls, failures } = this.#sum
    return { state: this.#state, step: this.#step, percent: this.#percent, reason: this.#reason, calls, failures }
  }

  /** Begins with the first step, or goes on from where it is held. */
  start(): void {
    this.#state = 'rising'
    this.#go(Math.max(0, this.#step), 'the plan is started')
  }

  /** Leaves the share as it is. */
  stop(): void {
    this.#state = 'off'
  }

  look(): void {
    const seen = this.#take()
    if (this.#state === 'off') return
    this.#heldMs += lookMs
    this.#sum = added(this.#sum, seen)
    const failed = this.#failed()
    if (failed !== null) {
      this.#state = 'held'
      if (this.#step >= 0) this.#go(this.#step - 1, failed)
    } else if (
      this.#state === 'rising' &&
      this.#heldMs >= this.#options.everyMs &&
      this.#sum.calls >= this.#options.minCalls
    ) {
      if (this.#step + 1 < this.#options.steps.length) this.#go(this.#step + 1, 'the objectives hold')
      else this.#state = 'done'
    }
  }

  get #percent(): number {
    return this.#step < 0 ? 0 : (this.#options.steps[this.#step] ?? 0)
  }

  /** Which objective fails, in words; null when none does, or too little was seen. */
  #failed(): string | null {
    const { minCalls, failurePercent, slowMs, differencePercent } = this.#options
    const { calls, failures, ms, compared, different } = this.#sum
    if (differencePercent !== undefined && compared >= minCalls && (different / compared) * 100 > differencePercent)
      return `${different} of ${compared} answers differ`
    if (calls < minCalls) return null
    if ((failures / calls) * 100 > failurePercent) return `${failures} of ${calls} calls failed`
    const meanMs = Math.round(ms / calls)
    return slowMs !== undefined && meanMs > slowMs ? `calls take ${meanMs} ms` : null
  }

  #go(step: number, reason: string): void {
    this.#step = step
    this.#reason = reason
    this.#heldMs = 0
    this.#sum = nothing
    this.#set(this.#percent)
    if (events.rollout.hasSubscribers)
      events.rollout.publish({ route: this.#route, percent: this.#percent, state: this.#state, reason })
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }
}

const nothing: Seen = { calls: 0, failures: 0, ms: 0, compared: 0, different: 0 }
const added = (a: Seen, b: Seen): Seen => ({
  calls: a.calls + b.calls,
  failures: a.failures + b.failures,
  ms: a.ms + b.ms,
  compared: a.compared + b.compared,
  different: a.different + b.different,
})
