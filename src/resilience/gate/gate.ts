import type { ModeName } from '../../../config/schema/index.ts'
import type { Call, Policy } from '../../call.ts'
import type { Problem } from '../../problem.ts'
import { refusal } from '../refusal.ts'

/** Why a call would be refused further in, or null. Cheap, and without effect. */
export type Check = (call: Call) => Problem | null

/**
 * Refuses at once what would be refused anyway, before it waits for a slot or spends a quota of the worker. Throws what
 * the first check says. More checks come as they are known: no worker in the group, a lag beyond the deadline.
 */
export function gate<Out>(checks: readonly Check[], mode: ModeName): Policy<Call, Out> {
  const refuse = refusal('gate', mode)
  return next =>
    function gate(call) {
      for (const check of checks) {
        const problem = check(call)
        if (problem === null) continue
        const refused = refuse(call, problem)
        if (refused !== null) return Promise.reject(refused)
        break
      }
      return next(call)
    }
}
