import type { ModeName } from '../../config/schema/index.ts'
import { events } from '../events.ts'
import { Problem } from '../problem.ts'

/** Whose refusal it is, for the metrics: names from the configuration only. A call is its own label. */
export type Labels = Readonly<{ route: string; worker: string }>
/** The problem to throw, or null where the policy only observes: then the call goes on. */
export type Refuse = (labels: Labels, problem: Problem) => Problem | null

/** How one policy refuses: it is told to the metrics either way. With `off` the policy is not in the stack at all. */
export function refusal(policy: string, mode: ModeName): Refuse {
  const observed = mode !== 'enforce'
  return (labels, problem) => {
    const { route, worker } = labels
    if (events.refused.hasSubscribers) events.refused.publish({ policy, route, worker, problem, observed })
    return observed ? null : problem.signed(policy) // whoever refuses signs, also what a check of someone else found
  }
}

/** Around `ms`, at least 1: clients sent away together must not come back together. */
export const spread = (ms: number, share = 0.2): number =>
  Math.max(1, Math.round(ms * (1 - share + 2 * share * Math.random())))
/** 1 to 2 seconds, for a state that says nothing about its end. */
export const soon = (): number => spread(1_500, 1 / 3)
