import type { ModeName, PublishOptions, RouteOptions } from '../../../config/schema/index.ts'
import type { Repeats, Silence } from '../../bridge/repeat.ts'
import type { Call } from '../../call.ts'
import { until } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Repetition as Kind } from '../../events.ts'
import { Budget } from './budget.ts'
import type { Circuit } from '../circuit/index.ts'
import type { ClusterGuards, WorkerGuards } from '../guards.ts'
import { Pace } from './pace.ts'

/** Times that one call is sent again because of replies. */
const mostRetries = 2
/** Extra load of hedges by themselves: Dean and Barroso (The Tail at Scale, 2013) measured 2 % for a p95. */
const hedges = { percent: 2, floor: 0 }

/** `silenceMs` is null while there is nothing to wait for, or not enough is known. */
export type RepetitionState = Readonly<{
  silence: Silence | null
  silenceMs: number | null
  retryOn: readonly number[]
}>

/**
 * When the calls of one route are sent again though the broker has accepted them, and whether they may be: never into a
 * circuit that is not closed, never without a token of the budget that all repetitions share, never past the deadline.
 */
export class Repetition implements Repeats {
  readonly #publish: PublishOptions
  readonly #budget: Budget
  readonly #circuit: Circuit
  readonly #retryOn: ReadonlySet<number>
  readonly #silence: Readonly<{ kind: Silence; mode: ModeName }> | null
  readonly #afterMs: number
  readonly #pace: Pace | null // of the route: a quick and a slow route of one worker would blur each other
  readonly #hedges: Budget | null
  readonly #deposits: boolean

  constructor(route: RouteOptions, worker: WorkerGuards, cluster: ClusterGuards) {
    const { resend, hedge, retryOn } = route
    this.#publish = cluster.options
    this.#budget = cluster.budget
    this.#circuit = worker.circuit
    this.#retryOn = new Set(retryOn)
    const [kind, options] = resend === undefined ? (['hedge', hedge] as const) : (['resend', resend] as const)
    this.#silence = options === undefined || options.mode === 'off' ? null : { kind, mode: options.mode }
    this.#afterMs = resend?.afterMs ?? hedge?.minMs ?? 0
    const hedged = this.#silence?.kind === 'hedge'
    this.#pace = hedged && hedge !== undefined ? new Pace(hedge.percentile) : null
    this.#hedges = hedged ? new Budget(hedges) : null
    // where publishing is not retried, nobody else pays in
    this.#deposits = cluster.options.mode === 'off' || cluster.options.attempts === 1
  }

  /** For people: what it waits for at present. */
  get state(): RepetitionState {
    const { kind = null } = this.#silence ?? {}
    return { silence: kind, silenceMs: this.silenceMs(), retryOn: [...this.#retryOn] }
  }

  get mode(): ModeName {
    return this.#silence?.mode ?? 'enforce'
  }

  begin(): void {
    if (this.#deposits) this.#budget.deposit()
    this.#hedges?.deposit()
  }

  silenceMs(): number | null {
    if (this.#silence === null) return null
    if (this.#pace === null) return this.#afterMs
    const ms = this.#pace.value
    return ms === null ? null : Math.max(ms, this.#afterMs)
  }

  silent(call: Call): boolean {
    if (this.#silence === null || !this.#wanted(call, 0)) return false
    const { kind, mode } = this.#silence
    const observed = mode !== 'enforce'
    if (this.#hedges?.withdraw() === false) return false
    // what is only observed must not spend what others need
    return (observed || this.#pay(call)) && this.#tell(call, kind, observed)
  }

  invites(status: number): boolean {
    return this.#retryOn.has(status)
  }

  waitMs(call: Call, status: number, retries: number, askedMs: number): number | null {
    if (!this.#retryOn.has(status) || retries >= mostRetries) return null
    const { baseMs, capMs } = this.#publish
    // full jitter as in retry; on top of what the worker asks for, as all whom it asked would come at once
    const ms = askedMs + Math.random() * Math.min(capMs, baseMs * 2 ** (retries + 1))
    return this.#wanted(call, ms) && this.#pay(call) && this.#tell(call, 'retry', false) ? ms : null
  }

  replied(ms: number): void {
    this.#pace?.add(ms)
  }

  /** Whether somebody will still be there after so many ms, and the worker is not given up. */
  #wanted({ signal, deadline }: Call, ms: number): boolean {
    const given = this.#circuit.mode === 'enforce' && this.#circuit.state !== 'closed'
    return !given && !signal.aborted && ms < until(deadline)
  }

  #pay({ topic }: Call): boolean {
    if (this.#budget.withdraw()) return true
    if (events.budgetSpent.hasSubscribers) events.budgetSpent.publish({ topic })
    return false
  }

  #tell({ route, worker }: Call, kind: Kind, observed: boolean): boolean {
    if (events.repeated.hasSubscribers) events.repeated.publish({ worker, route, kind, observed })
    return !observed
  }
}

/** The repetition of a route; null when it asks for none. */
export function repetitionOf(route: RouteOptions, worker: WorkerGuards, cluster: ClusterGuards): Repetition | null {
  const { resend, hedge, retryOn } = route
  const silent = (resend?.mode ?? 'off') === 'off' && (hedge?.mode ?? 'off') === 'off'
  return silent && retryOn.length === 0 ? null : new Repetition(route, worker, cluster)
}
