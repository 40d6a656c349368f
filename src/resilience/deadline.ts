import type { ModeName } from '../../config/schema/index.ts'
import { ask } from '../call.ts'
import type { Call, Policy, Service } from '../call.ts'
import { Timed, after, since, until } from '../clock.ts'
import { Problem, strongest } from '../problem.ts'
import type { Outcome } from '../problem.ts'
import { refusal, soon } from './refusal.ts'

/** What is known to keep the replies of a worker away, in sentences. */
export type Causes = (worker: string) => readonly string[]
type Late = (call: Call) => Problem

const policy = 'deadline'
const none: Causes = () => []
/** What is aborted says what became of it within this time; if it does not, nobody knows. */
const wordMs = 20

/**
 * Answers the client at its deadline, or when it leaves. What is not sent by then is aborted and says itself what became of
 * it; what is sent goes on without an audience until its reply or its expiry, as the slot it holds must not be free before.
 * Throws reply-timeout (sent), deadline-exceeded (not sent), or the reason of the call's signal. `causes`: sentences that say
 * why a reply may be missing, besides that its worker is silent.
 */
export function deadline<Out>(mode: ModeName, causes: Causes = none): Policy<Call, Out> {
  const refuse = refusal(policy, mode)
  const late: Late = call => {
    const problem = timeout(call, call.progress.outcome, causes)
    return refuse(call, problem) ?? problem
  }
  if (mode !== 'enforce') return next => observed(next, late)

  return next =>
    function deadline(call) {
      if (call.signal.aborted) return Promise.reject(known(call, call.signal.reason))
      const leftMs = until(call.deadline)
      if (leftMs === 0) return Promise.reject(late(call))
      return new Promise<Out>((resolve, reject) => new Wait(call, late, resolve, reject).begin(next, leftMs))
    }
}

/** A client's wait, from here to its end: one object, as every call has one, and a hundred thousand may wait. A private method would cost each a mark. */
class Wait<Out> extends Timed {
  readonly #call: Call
  readonly #late: Late
  readonly #resolve: (out: Out) => void
  readonly #reject: (problem: Problem) => void
  #cause: Problem | null = null // of what is cut off, and has not said yet what became of it

  constructor(call: Call, late: Late, resolve: (out: Out) => void, reject: (problem: Problem) => void) {
    super()
    this.#call = call
    this.#late = late
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(next: Service<Call, Out>, leftMs: number): void {
    this.set(leftMs)
    this.#call.signal.addEventListener('abort', this)
    ask(next, this.#call).then(
      result => {
        this.release()
        this.#resolve(result)
      },
      (error: unknown) => {
        this.release()
        this.#reject(known(this.#call, error))
      },
    )
  }

  /** The time is over. */
  override ring(): void {
    if (this.#cause === null) this.cut(this.#late(this.#call))
    else this.#reject(known(this.#call, this.#cause, 'in-doubt'))
  }

  /** The client has left. */
  handleEvent(): void {
    this.cut(Problem.from(this.#call.signal.reason))
  }

  cut(cause: Problem): void {
    const call = this.#call
    this.release()
    call.aborter.abort(cause)
    if (call.progress.outcome === 'sent') return this.#reject(known(call, cause))
    this.#cause = cause
    this.set(wordMs)
  }

  release(): void {
    this.cancel()
    this.#call.signal.removeEventListener('abort', this)
  }
}

/** `observe`: only counts what comes late. */
const observed =
  <Out>(next: Service<Call, Out>, late: Late): Service<Call, Out> =>
  async call => {
    const alarm = after(until(call.deadline), () => late(call))
    try {
      return await next(call)
    } finally {
      alarm.cancel()
    }
  }

/** How a deadline ends a call of which this much is known. */
function timeout({ worker, started, deadline }: Call, outcome: Outcome, causes: Causes = none): Problem {
  const details = { policy, limit: Math.round(deadline - started), observed: Math.round(since(started)) } // in ms
  if (outcome === 'sent')
    return new Problem('reply-timeout', [`${worker} did not answer in time.`, ...causes(worker)].join(' '), details)
  if (outcome === 'in-doubt') return new Problem('publish-timeout', 'Not confirmed by the deadline.', details)
  return new Problem('deadline-exceeded', 'The deadline passed.', { ...details, retryAfterMs: soon() })
}

/** The problem with the strongest that is known of the call: never weaker than one of its sendings. */
function known(call: Call, error: unknown, atLeast: Outcome = 'not-sent'): Problem {
  const problem = Problem.from(error)
  const outcome = strongest(atLeast, strongest(problem.outcome, call.progress.outcome))
  return problem.code === 'deadline-exceeded' && outcome !== 'not-sent'
    ? timeout(call, outcome)
    : problem.withOutcome(outcome)
}
