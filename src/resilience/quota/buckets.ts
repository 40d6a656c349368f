import type { QuotaPolicy, QuotaState } from '../../call.ts'
import { now } from '../../clock.ts'
import { RecentClients } from './recentclients.ts'
import type { Lack, Ledger } from './quota.ts'
import { priceOf } from './windows.ts'

/** A sum of fractions must not lack a billionth of a token at the very millisecond that was promised. */
const dustOf = (limit: number): number => 1e-6 + limit * 1e-12

/** The tokens of each policy, and then when they were counted: one list of numbers, as there may be a hundred thousand clients. */
type Filled = number[]
const begun = (buckets: Filled): Filled => {
  buckets[buckets.length - 1] = now()
  return buckets
}

export type BucketsOptions = Readonly<{ clients?: number }>

/**
 * A token bucket for each client and policy (the meter of Turner 1986; RFC 2697 has the arithmetic): it holds the quota,
 * refills evenly over the window, and is filled when looked at, so that no client owns a timer. Whoever has not called for the
 * longest window has full buckets, which is the same as none.
 */
export class Buckets implements Ledger<Filled> {
  readonly #policies: readonly QuotaPolicy[]
  readonly #clients: RecentClients<Filled>

  constructor(policies: readonly QuotaPolicy[], options: BucketsOptions = {}) {
    this.#policies = policies
    const full: Filled = [...policies.map(({ limit }) => limit), now()] // the time as of when each begins
    const windowMs = Math.max(...policies.map(policy => policy.windowMs))
    this.#clients = new RecentClients(() => begun(full.slice()), { ...options, windowMs })
  }

  get size(): number {
    return this.#clients.size
  }

  of(client: string): Filled {
    const at = now()
    const tokens = this.#clients.of(client, at)
    const last = this.#policies.length
    const passedMs = at - (tokens[last] as number)
    if (passedMs > 0) {
      for (let i = 0; i < last; i++) {
        const { limit, windowMs } = this.#policies[i] as QuotaPolicy
        tokens[i] = Math.min(limit, (tokens[i] as number) + (passedMs * limit) / windowMs)
      }
      tokens[last] = at
    }
    return tokens
  }

  take(tokens: Filled, bytes: number): Lack | null {
    const policies = this.#policies
    for (let i = 0; i < policies.length; i++) {
      const policy = policies[i] as QuotaPolicy
      if ((tokens[i] as number) < priceOf(policy, bytes) - dustOf(policy.limit)) return this.#lack(tokens, bytes)
    }
    for (let i = 0; i < policies.length; i++)
      tokens[i] = Math.max(0, (tokens[i] as number) - priceOf(policies[i] as QuotaPolicy, bytes))
    return null
  }

  /** It resets when the bucket is full. */
  states(tokens: Filled): readonly QuotaState[] {
    return this.#policies.map((policy, i) => {
      const { limit, windowMs } = policy
      const left = tokens[i] ?? limit
      return {
        policy,
        remaining: Math.floor(left + dustOf(limit)),
        resetMs: Math.ceil(((limit - left) * windowMs) / limit),
      }
    })
  }

  #lack(tokens: Filled, bytes: number): Lack {
    const lacking = this.#policies.flatMap((policy, i) => {
      const { limit, windowMs } = policy
      const price = priceOf(policy, bytes)
      const left = tokens[i] ?? limit
      const dust = dustOf(limit)
      if (left >= price - dust) return []
      return [
        {
          policy,
          waitMs: Math.ceil(((price - left - dust) * windowMs) / limit),
          observed: Math.ceil(limit - left - dust) + price,
        },
      ]
    })
    const [longest] = lacking.sort((a, b) => b.waitMs - a.waitMs)
    return {
      policies: lacking.map(({ policy }) => policy),
      observed: longest?.observed ?? 0,
      waitMs: Math.max(1, longest?.waitMs ?? 0),
    }
  }
}
