import pRetry from 'p-retry'
import type { ModeName } from '../../../config/schema/index.ts'
import type { Abortable, Policy, Service } from '../../call.ts'
import { pause } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Budget } from './budget.ts'

export type RetryOptions = Readonly<{ attempts: number; baseMs: number; capMs: number; mode: ModeName }>
type Repeatable = Abortable & Readonly<{ topic: string }>

/** Certainly not in the topic, and it may pass: then the same again is safe and may help. An open circuit is no invitation. */
const mayPass = ({ outcome, spec }: Problem): boolean => outcome === 'not-sent' && spec.blames === 'broker'

/**
 * Tries again what was certainly not sent, with full jitter (Brooker, AWS 2015: uniform between 0 and the exponential
 * step), within the budget, and never once the signal has aborted: then it throws the signal's reason. `observe` tells what
 * it would have repeated.
 */
export function retry<In extends Repeatable, Out>(options: RetryOptions, budget: Budget): Policy<In, Out> {
  const { attempts, baseMs, capMs } = options
  const observed = options.mode !== 'enforce'

  /** After the failure of attempt n: whether to go on, once the wait is over. */
  const again = async ({ topic, signal }: In, problem: Problem, n: number): Promise<boolean> => {
    if (!mayPass(problem) || signal.aborted) return false
    if (!budget.withdraw()) {
      if (events.budgetSpent.hasSubscribers) events.budgetSpent.publish({ topic })
      return false
    }
    const delayMs = Math.random() * Math.min(capMs, baseMs * 2 ** n)
    if (events.retried.hasSubscribers) events.retried.publish({ topic, attempt: n + 1, delayMs, problem, observed })
    if (observed) return false
    await pause(delayMs, signal) // here, after deciding: p-retry's own jitter only stretches and then caps, which makes a herd
    return !signal.aborted
  }

  const repeated = async (next: Service<In, Out>, input: In, first: Problem): Promise<Out> => {
    const { signal } = input
    if (!mayPass(first)) throw first
    try {
      // without p-retry's `signal`: it would throw away an acknowledgement that came together with the abort
      return await pRetry(n => (n === 1 ? Promise.reject(first) : next(input)), {
        retries: attempts - 1,
        minTimeout: 0,
        shouldRetry: ({ error, attemptNumber }) => again(input, Problem.from(error), attemptNumber),
      })
    } catch (error) {
      const last = Problem.from(error)
      throw signal.aborted && mayPass(last) ? Problem.from(signal.reason).withOutcome('not-sent') : last
    }
  }

  return next =>
    async function retry(input) {
      budget.deposit()
      try {
        return await next(input) // p-retry comes in when it is needed: it costs more than all the policies together
      } catch (error) {
        return await repeated(next, input, Problem.from(error))
      }
    }
}
