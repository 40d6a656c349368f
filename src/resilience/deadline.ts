import type { ModeName } from '../../config/schema/index.ts'
import { ask } from '../call.ts'
import type { Call, Policy, Service } from '../call.ts'
import { Timed, after, since, until } from '../clock.ts'
import { Problem, strongest } from '../problem.ts'
import type { Outcome } from '../problem.ts'
import { refusal, soon } from './refusal.ts'
import type { Refuse } from './refusal.ts'

const policy = 'deadline'
/** What is aborted says what became of it within this time; if it does not, nobody knows. */
const wordMs = 20

/**
 * Answers the client at its deadline, or when it leaves. What is not sent by then is aborted and says itself what became of
 * it; what is sent goes on without an audience until its reply or its expiry, as the slot it holds must not be free before.
 * Throws reply-timeout (sent), deadline-exceeded (not sent), or the reason of the call's signal.
 */
export function deadline<Out>(mode: ModeName): Policy<Call, Out> {
  const refuse = refusal(policy, mode)
  if (mode !== 'enforce') return next => observed(next, refuse)

  return next =>
    function deadline(call) {
      if (call.signal.aborted) return Promise.reject(known(call, call.signal.reason))
      const leftMs = until(call.deadline)
      if (leftMs === 0) return Promise.reject(late(call, refuse))
      return new Promise<Out>((resolve, reject) => new Wait(call, refuse, resolve, reject).begin(next, leftMs))
    }
}

/** A client's wait, from here to its end: one object, as every call has one, and a hundred thousand may wait. A private method would cost each a mark. */
class Wait<Out> extends Timed {
  readonly #call: Call
  readonly #refuse: Refuse
  readonly #resolve: (out: Out) => void
  readonly #reject: (problem: Problem) => void
  #cause: Problem | null = null // of what is cut off, and has not said yet what became of it

  constructor(call: Call, refuse: Refuse, resolve: (out: Out) => void, reject: (problem: Problem) => void) {
    super()
    this.#call = call
    this.#refuse = refuse
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
    if (this.#cause === null) this.cut(late(this.#call, this.#refuse))
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
  <Out>(next: Service<Call, Out>, refuse: Refuse): Service<Call, Out> =>
  async call => {
    const alarm = after(until(call.deadline), () => late(call, refuse))
    try {
      return await next(call)
    } finally {
      alarm.cancel()
    }
  }

function late(call: Call, refuse: Refuse): Problem {
  const problem = timeout(call, call.progress.outcome)
  return refuse(call, problem) ?? problem
}

/** How a deadline ends a call of which this much is known. */
function timeout({ worker, started, deadline }: Call, outcome: Outcome): Problem {
  const details = { policy, limit: Math.round(deadline - started), observed: Math.round(since(started)) } // in ms
  if (outcome === 'sent') return new Problem('reply-timeout', `${worker} did not answer in time.`, details)
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
