import type { IncomingHttpHeaders } from 'node:http'
import type { Priority } from '../call.ts'
import type { Trusts } from './client.ts'

/** How much a request from `peer` matters, where its route says this much. */
export type PriorityOf = (ofRoute: Priority, peer: string, headers: IncomingHttpHeaders) => Priority

/**
 * The priority of a route, or what a trusted proxy says in the header instead: critical, normal or sheddable. A client cannot
 * raise itself; a probe stays one, and nobody can make himself one; anything else is passed over.
 */
export function priorityOf(header: string | undefined, trusts: Trusts): PriorityOf {
  if (header === undefined) return ofRoute => ofRoute
  return (ofRoute, peer, headers) => {
    const said = headers[header]
    if (said === undefined || ofRoute === 'health') return ofRoute
    if (said !== 'critical' && said !== 'normal' && said !== 'sheddable') return ofRoute
    return trusts(peer) ? said : ofRoute
  }
}
