import type { Call, Reply, Service } from '../call.ts'
import { markOf } from './mark.ts'
import type { LogOf } from './past.ts'

/**
 * Marks each answer with the position of its command. Where in the topic the command stands says nothing to a view: that it was
 * answered does, so the mark names no record.
 */
export function marked(core: Service<Call, Reply>, logOf: LogOf): Service<Call, Reply> {
  return async function marked(call) {
    const reply = await core(call)
    const mark = ['Sluice-Position', markOf(call.topic, call.partition, -1n, logOf(call.topic))] as const
    return { ...reply, own: [...(reply.own ?? []), mark] }
  }
}
