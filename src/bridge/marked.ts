import type { Call, Reply, Service } from '../call.ts'
import { markOf } from './mark.ts'

/**
 * Marks each answer with the position of its command. Where in the topic the command stands says nothing to a view: that it was
 * answered does, so the mark names no record.
 */
export function marked(core: Service<Call, Reply>): Service<Call, Reply> {
  return async function marked(call) {
    const reply = await core(call)
    const mark = ['Sluice-Position', markOf(call.topic, call.partition, -1n)] as const
    return { ...reply, own: [...(reply.own ?? []), mark] }
  }
}
