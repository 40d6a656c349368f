import type { ModeName } from '../../../config/schema/index.ts'
import { fromTheWire, later, now, onTheWire, until } from '../../clock.ts'
import type { EpochMs, Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { CircuitState, ForcedState } from '../../events.ts'
import { Problem } from '../../problem.ts'
import { Counter, bucketsOf } from './counter.ts'
import type { Moves } from './counter.ts'
import type { Cause, CircuitOptions, CircuitSnapshot, Pass, Saved, Source, Verdict } from './health.ts'
import { OpenTimes } from './opentimes.ts'
import { Probes } from './probes.ts'
import { spread } from '../refusal.ts'
import { onSharedTimer } from './sharedtimer.ts'

export type { CircuitOptions, CircuitSnapshot, Pass, Saved, Verdict } from './health.ts'
/** A pass that is void already. */
export const spent: Pass = -1
const restarted = 'before the restart '
const silences: ReadonlySet<string> = new Set(['reply-timeout', 'silence'])

/**
 * One target's health. opossum counts verdicts and keeps the state and its timer; the calls run outside it, because it
 * would count an ignored error as a success, dilute the window with refusals and with calls still in flight, and let a
 * success from before the opening close the circuit.
 */
export class Circuit implements Disposable {
  readonly name: string
  readonly #options: CircuitOptions & Readonly<{ slowMs: number; slowPercent: number }>
  readonly #timer: Disposable
  readonly #times: OpenTimes
  readonly #probes: Probes
  readonly #watchers = new Set<() => void>()
  #counter: Counter
  #state: CircuitState = 'closed'
  #mode: ModeName
  #forced: ForcedState | null = null
  #generation: Pass = 0 // verdicts with the pass of another generation are void
  #openMs = 0 // of the present or last opening
  #until: Instant | null = null // when it half-opens; of a half-open circuit, when a restart need not know of it any more
  #closedAt: Instant | null = null
  #cause: Cause = { reason: 'it has never opened' }
  #answers = 0
  #silent = false // the last failure that counted was a silence

  constructor(options: CircuitOptions) {
    const { name, mode, windowMs, slowMs = Infinity, slowPercent = 80 } = options
    this.name = name
    this.#mode = mode
    this.#options = { ...options, slowMs, slowPercent }
    this.#times = new OpenTimes({ ...options, calmMs: windowMs })
    this.#probes = new Probes(this.#options)
    this.#counter = this.#counting('closed')
    this.#timer = onSharedTimer(Math.max(1, Math.floor(windowMs / bucketsOf(windowMs))), () => this.#counter.rotate())
  }

  get state(): CircuitState {
    return this.#state
  }

  /** In force: as configured, unless an operator says otherwise. */
  get mode(): ModeName {
    return this.#mode
  }

  /** What an operator holds it to. */
  get forced(): ForcedState | null {
    return this.#forced
  }

  /** Whether it was open or half-open at some time since. */
  troubledSince(instant: Instant): boolean {
    return this.#state !== 'closed' || (this.#closedAt !== null && this.#closedAt >= instant)
  }

  /** How many calls have succeeded, whenever they were begun. */
  get answers(): number {
    return this.#answers
  }

  /** Whether a success that took so long is a slow one. */
  isSlow(tookMs: number): boolean {
    return tookMs > this.#options.slowMs
  }

  /** Lets a call through with a pass for `judge`; null refuses it, as `refusal` explains. */
  admit(): Pass | null {
    if (this.#state === 'closed') return this.#generation
    if (this.#state === 'open' || !this.#probes.take(this.#generation + 1)) return null
    if (events.probe.hasSubscribers) events.probe.publish({ circuit: this.name })
    return ++this.#generation
  }

  /**
   * Counts what a call that was let through says about the target; `why` names the failure. Without a `source` every failure
   * counts as if it had another one.
   */
  judge(pass: Pass, verdict: Verdict, why = 'a failure', source: Source | null = null): void {
    if (verdict === 'success') this.#answers++
    if (this.#state === 'closed') {
      if (pass !== this.#generation || verdict === 'none') return // begun before the last change, or proves nothing
      if (verdict !== 'success' && verdict !== 'slow') this.#silent = silences.has(why)
      this.#counter.count(verdict, why, this.#forced === 'closed', source)
    } else if (this.#state === 'half-open') {
      // after a silence any answer is one: whether it is an error is again a matter of its share
      const decision = this.#probes.end(
        pass,
        verdict === 'error' && this.#silent ? 'success' : verdict,
        why,
        this.#options.shared === true ? source?.tenant?.name : undefined,
      )
      if (decision?.to === 'open') {
        this.#silent = silences.has(why)
        this.#counter.open(decision.cause)
      }
      if (decision?.to === 'closed') this.#counter.close(decision.cause)
    }
  }

  /** Why a call is refused now. */
  refusal(policy: string): Problem {
    const { openMs, probes } = this.#options
    if (this.#state === 'open') {
      const { reason, limit = 0, observed = 1 } = this.#cause // of one that is held open, no call is let through
      const retryAfterMs = spread(this.#until === null ? openMs : until(this.#until))
      const detail = `The circuit ${this.name} is open: ${reason}.`
      return new Problem('circuit-open', detail, { retryAfterMs, policy, limit, observed })
    }
    const observed = this.#probes.taken
    const detail = `The circuit ${this.name} is half-open: ${observed} of ${probes} probes are under way or done.`
    const retryAfterMs = spread(Math.min(openMs, 1_000)) // they will soon tell, one way or the other
    return new Problem('circuit-open', detail, { retryAfterMs, policy, limit: probes, observed })
  }

  /** The refusal that a call would meet now, or null: for the gate, which takes no probe. */
  wouldRefuse(policy: string): Problem | null {
    if (this.#state === 'closed' || this.#mode !== 'enforce') return null
    return this.#state === 'half-open' && this.#probes.free ? null : this.refusal(policy)
  }

  /** Lets probes through at once: there is news of the target, such as a fresh connection. Does nothing unless open. */
  halfOpenNow(reason: string): void {
    if (this.#state === 'open' && this.#forced !== 'open') this.#turn('half-open', { reason })
  }

  /**
   * The target gets on with its work, though not for us: after a silence it is tried as if that had been the first. Not sooner,
   * as a worker may also get past its records without answering any; and one that answers with failures works, too.
   */
  works(): void {
    if (this.#state !== 'open' || this.#forced !== null || !this.#silent || this.#until === null) return
    const { openMs } = this.#options
    if (this.#openMs <= openMs * 1.2) return // it has not been doubled
    const leftMs = until(this.#until) - this.#openMs + spread(openMs)
    if (leftMs > 0) this.#turn('open', this.#cause, leftMs)
    else this.halfOpenNow('it gets on with its work')
  }

  /**
   * An operator decides: `open` refuses all, `closed` lets all through and counts, `observe` decides and lets through, null
   * is as configured. After `open` it is half-open, as nothing is known of the target. Where the breaker is off, it is the
   * gate that refuses.
   */
  force(forced: ForcedState | null): void {
    const before = this.#forced
    if (forced === before) return
    const { mode } = this.#options
    this.#forced = forced
    this.#mode = forced === null ? mode : forced === 'observe' ? 'observe' : 'enforce'
    if (events.forced.hasSubscribers) events.forced.publish({ circuit: this.name, forced })
    const reason = forced === null ? 'no operator holds it any more' : `an operator set it to ${forced}`
    if (forced === 'open') this.#turn('open', { reason })
    else if (forced === 'closed' && this.#state !== 'closed') this.#turn('closed', { reason })
    else if (before === 'open') this.#turn(mode === 'off' ? 'closed' : 'half-open', { reason })
    else this.#tell()
  }

  snapshot(): CircuitSnapshot {
    return {
      name: this.name,
      state: this.#state,
      mode: this.#mode,
      forced: this.#forced,
      reason: this.#cause.reason,
      ...this.#counter.totals,
      openUntil: this.#state === 'open' ? this.#ends : null,
      openings: this.#times.openings,
      probing: this.#probes.underWay,
    }
  }

  /** What a restart may take up: that it is open or half-open, and what an operator has forced. */
  get saved(): Saved {
    const { state, forced, openings } = this.snapshot()
    return { state, forced, ...this.#cause, openings, until: this.#ends }
  }

  /** Takes up what was saved before a restart, for what is left of its time. False when none is left. */
  restore({ state, forced, reason, limit, observed, openings, until: end }: Saved): boolean {
    const { windowMs, mode } = this.#options
    const leftMs = state === 'closed' || end === null || mode === 'off' ? 0 : until(fromTheWire(end))
    if (leftMs > 0) {
      this.#times.resume(openings)
      // no longer than it can be: the wall clock may have been set meanwhile
      const openMs = Math.min(leftMs, state === 'open' ? this.#times.ceilingMs : windowMs)
      this.#turn(state, { reason: reason.startsWith(restarted) ? reason : restarted + reason, limit, observed }, openMs)
    }
    this.force(forced)
    return leftMs > 0 || end === null
  }

  /** Calls `changed` when there is something new to save, until disposed of. */
  watch(changed: () => void): Disposable {
    this.#watchers.add(changed)
    return { [Symbol.dispose]: () => void this.#watchers.delete(changed) }
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
    this.#counter[Symbol.dispose]()
  }

  get #ends(): EpochMs | null {
    return this.#until === null ? null : onTheWire(this.#until)
  }

  /** Moves it otherwise than its counter does: by a new one. Open without a time, it stays so. */
  #turn(to: CircuitState, cause: Cause, openMs: number | null = null): void {
    this.#counter[Symbol.dispose]()
    this.#openMs = openMs ?? 0
    this.#counter = this.#counting(to === 'open' && openMs === null ? 'closed' : to)
    this.#change(to, cause, openMs)
  }

  #change(to: CircuitState, cause: Cause, openMs: number | null = null): void {
    const from = this.#state
    this.#state = to
    this.#cause = cause
    this.#generation++
    this.#probes.reset()
    const forMs = to === 'open' ? openMs : to === 'half-open' ? this.#options.windowMs : null
    this.#until = forMs === null ? null : later(forMs)
    if (to === 'closed') {
      this.#closedAt = now()
      this.#times.closed()
    }
    if (from !== to && events.circuit.hasSubscribers)
      events.circuit.publish({ circuit: this.name, from, to, reason: cause.reason })
    this.#tell()
  }

  #tell(): void {
    for (const changed of this.#watchers) changed()
  }

  #counting(state: CircuitState): Counter {
    const moves: Moves = {
      opening: () => (this.#openMs = this.#times.next()),
      opened: cause => this.#change('open', cause, this.#openMs),
      halfOpened: () => this.#change('half-open', { reason: `${this.#openMs} ms have passed` }),
      closed: cause => this.#change('closed', cause),
    }
    return new Counter(this.#options, moves, state, this.#openMs)
  }
}
