import type { ModeName } from '../../../config/schema/index.ts'
import type { Call, Policy } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { Lease } from './lease.ts'
import { refusal, spread } from '../refusal.ts'

/** What a worker may get in total, over all clients and routes. Throws rate-limited. */
export function leased<Out>(lease: Lease, mode: ModeName): Policy<Call, Out> {
  const { name, requests, windowMs } = lease.options
  const refuse = refusal('lease', mode)
  const violated = [name]
  const detail = `${name} gets at most ${requests} requests in ${windowMs} ms.`
  return next =>
    function leased(call) {
      if (lease.spend()) return next(call)
      const observed = requests - lease.remaining + 1 // with this one, as far as this instance knows
      const retryAfterMs = spread(lease.refillMs * 1.25) // never before the refill, and not all at once
      const refused = refuse(
        call,
        new Problem('rate-limited', detail, { retryAfterMs, violated, policy: 'lease', limit: requests, observed }),
      )
      return refused === null ? next(call) : Promise.reject(refused)
    }
}
