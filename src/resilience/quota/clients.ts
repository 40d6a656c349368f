import type { QuotaPolicy, QuotaState } from '../../call.ts'
import { now } from '../../clock.ts'
import { events } from '../../events.ts'
import { RecentClients } from './recentclients.ts'
import type { Lease, LeaseOptions } from './lease.ts'
import type { Lack, Ledger } from './quota.ts'
import { priceOf } from './windows.ts'

/** All instances but one may together spend less than this part of a quota uncounted. */
const uncounted = 1 / 20

/** Whoever leases for large clients, and for no more than it can. */
export type Lessor = Readonly<{
  instances: number
  /** Null when it leases for enough of them already. */
  client: (options: Omit<LeaseOptions, 'instances'>, client: string) => Lease | null
}>

/** Of each policy: how much was spent since when, or the lease of a client that is large. */
type Spending = {
  readonly client: string
  readonly used: number[]
  readonly began: number[]
  leases: (Lease | null)[] | null
}

/**
 * The quotas of clients that all instances share, in windows that begin with a call. A client that spends little on this
 * instance is only counted here; for a large one is leased, beginning with what it has spent already.
 */
export class SharedClients implements Ledger<Spending> {
  readonly #policies: readonly QuotaPolicy[]
  readonly #route: string
  readonly #lessor: Lessor
  readonly #small: readonly number[]
  readonly #clients: RecentClients<Spending>

  constructor(policies: readonly QuotaPolicy[], route: string, lessor: Lessor) {
    this.#policies = policies
    this.#route = route
    this.#lessor = lessor
    const others = Math.max(1, lessor.instances - 1)
    this.#small = policies.map(({ limit }) => Math.ceil((limit * uncounted) / others) - 1)
    const windowMs = Math.max(...policies.map(policy => policy.windowMs))
    const none = policies.map(() => 0)
    this.#clients = new RecentClients(
      client => ({ client, used: [...none], began: none.map(() => -Infinity), leases: null }),
      {
        windowMs,
      },
    )
  }

  get size(): number {
    return this.#clients.size
  }

  of(client: string): Spending {
    return this.#clients.of(client, now())
  }

  take(spending: Spending, bytes: number): Lack | null {
    const at = now()
    for (let i = 0; i < this.#policies.length; i++) {
      const price = priceOf(this.#policies[i] as QuotaPolicy, bytes)
      if (price === 0 || this.#spend(spending, i, price, at)) continue
      for (let j = 0; j < i; j++) this.#refund(spending, j, priceOf(this.#policies[j] as QuotaPolicy, bytes))
      return this.#lack(spending, i, price)
    }
    return null
  }

  /** As far as this instance knows: what others have left since it last leased, it does not. */
  states(spending: Spending): readonly QuotaState[] {
    return this.#policies.map((policy, i) => {
      const lease = leaseOf(spending, i)
      const left = policy.limit - (spending.used[i] ?? 0)
      return { policy, remaining: lease?.remaining ?? left, resetMs: Math.ceil(this.#resetMs(spending, i)) }
    })
  }

  #spend(spending: Spending, i: number, price: number, at: number): boolean {
    const lease = leaseOf(spending, i)
    if (lease !== null) return lease.spend(price)
    const { limit, windowMs } = this.#policies[i] as QuotaPolicy
    if (at - (spending.began[i] as number) >= windowMs) {
      spending.began[i] = at
      spending.used[i] = 0
    }
    const used = (spending.used[i] as number) + price
    if (used > (this.#small[i] as number)) {
      const leased = this.#lease(spending, i)
      if (leased !== null) return leased.spend(price)
      if (used > Math.max(1, Math.floor(limit / this.#lessor.instances))) return false
      const { localShare } = events
      if (localShare.hasSubscribers) localShare.publish({ policy: 'quota', name: this.#route, why: 'crowded' })
    }
    spending.used[i] = used
    return true
  }

  #lease(spending: Spending, i: number): Lease | null {
    const { name, limit, windowMs } = this.#policies[i] as QuotaPolicy
    const options = { policy: 'quota', name: this.#route, requests: limit, windowMs } as const
    const lease = this.#lessor.client(options, `${name}:${spending.client}`)
    if (lease === null) return null
    lease.owe(spending.used[i] as number)
    spending.leases ??= this.#policies.map(() => null)
    spending.leases[i] = lease
    return lease
  }

  #refund(spending: Spending, i: number, price: number): void {
    const lease = leaseOf(spending, i)
    if (lease !== null) lease.refund(price)
    else spending.used[i] = Math.max(0, (spending.used[i] as number) - price)
  }

  #lack(spending: Spending, i: number, price: number): Lack {
    const policy = this.#policies[i] as QuotaPolicy
    const lease = leaseOf(spending, i)
    const left = lease?.remaining ?? policy.limit - (spending.used[i] as number)
    const waitMs = lease?.waitMs(price) ?? this.#resetMs(spending, i)
    return { policies: [policy], observed: policy.limit - left + price, waitMs: Math.max(1, Math.ceil(waitMs)) }
  }

  #resetMs(spending: Spending, i: number): number {
    const { windowMs } = this.#policies[i] as QuotaPolicy
    const lease = leaseOf(spending, i)
    return lease?.refillMs ?? Math.max(0, (spending.began[i] as number) + windowMs - now())
  }
}

/** A client that has become small again loses its lease, and is counted from nothing. */
function leaseOf(spending: Spending, i: number): Lease | null {
  const lease = spending.leases?.[i] ?? null
  if (lease === null || !lease.closed) return lease
  if (spending.leases !== null) spending.leases[i] = null
  spending.used[i] = 0
  spending.began[i] = now()
  return null
}
