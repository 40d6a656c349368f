import type { Call, Reply, Service } from '../../call.ts'
import { until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { beginning, endingOf } from '../operations/claims.ts'
import { newId, secretOf } from '../operations/event.ts'
import { acceptedOf } from '../operations/operable.ts'
import type { Terms } from '../operations/operable.ts'
import type { Operations } from '../operations/operations.ts'
import { accepted } from '../operations/state.ts'
import type { Processes } from './processes.ts'

/**
 * The core of a route that runs a process: it is an operation, and begins with its record in the log. Answers with its end, or with 202
 * when that does not come in time. Throws operations-full, and what publishing throws.
 */
export function starting(operations: Operations, processes: Processes, terms: Terms): Service<Call, Reply> {
  return async function start(call) {
    const { claimed, progress } = call
    const id = claimed?.id ?? newId()
    if (claimed === undefined)
      await beginning(progress, operations.accept(id, acceptedOf(call, operations.incarnation, terms, secretOf())))
    progress.location = `${terms.path}/${id}`
    const known = await operations.ended(id, until(call.accepts ?? call.deadline), processes.hurried)
    const ending = endingOf(known)
    if (ending instanceof Problem) throw ending
    if (ending !== null) return ending
    progress.accepted = true
    if (known === null) throw new Problem('unknown-operation', 'The process is gone.')
    return accepted(known, terms.path, terms.retryAfterMs)
  }
}
