import type { QuotaOptions, RedisOptions } from '../../../config/schema/index.ts'
import { every } from '../../clock.ts'
import { Lease } from './lease.ts'
import type { LeaseOptions } from './lease.ts'
import { SharedReservoirs } from './redis.ts'
import { SharedClients } from './clients.ts'
import type { Lessor } from './clients.ts'
import { policiesOf } from './windows.ts'

type Own = Omit<LeaseOptions, 'instances'>
/** After one to two of these without use, what was leased is given back. */
const restMs = 1_000

/** All that this instance leases from the Redis it shares with others, and the one timer that looks after it. */
export class Leases implements Lessor, AsyncDisposable {
  readonly #reservoirs: SharedReservoirs
  readonly #mostClients: number
  readonly #totals = new Set<Lease>()
  readonly #clients = new Set<Lease>()
  readonly #sweep: Disposable

  constructor(options: RedisOptions) {
    this.#reservoirs = new SharedReservoirs(options)
    this.#mostClients = options.clients
    this.#sweep = every(restMs, () => this.#look())
  }

  get ready(): boolean {
    return this.#reservoirs.ready
  }

  /** Resolves when Redis is reached for the first time, or turns out not to be there. */
  get met(): Promise<void> {
    return this.#reservoirs.met
  }

  get instances(): number {
    return this.#reservoirs.instances
  }

  /** How many large clients are leased for. */
  get clients(): number {
    return this.#clients.size
  }

  /** The total of a worker. */
  total(options: Own): Lease {
    const lease = this.#lease(options, `total:${options.name}`)
    this.#totals.add(lease)
    return lease
  }

  /** The quotas of the clients of a route. */
  shares(quota: QuotaOptions, route: string): SharedClients {
    return new SharedClients(policiesOf(quota), route, this)
  }

  client(options: Own, client: string): Lease | null {
    if (this.#clients.size >= this.#mostClients) return null
    const lease = this.#lease(options, `client:${options.name}:${client}`)
    this.#clients.add(lease)
    return lease
  }

  /** Gives back what is not spent, and leaves Redis: soon, whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#sweep[Symbol.dispose]()
    for (const lease of this.#totals.union(this.#clients)) lease[Symbol.dispose]()
    await this.#reservoirs[Symbol.asyncDispose]()
  }

  #lease(options: Own, name: string): Lease {
    const { requests, windowMs } = options
    const reservoir = this.#reservoirs.reservoir({ name, requests, windowMs })
    return new Lease({ ...options, instances: this.instances }, reservoir)
  }

  /** Gives back what rests, and lets go of clients that have become small: others may be waiting to be leased for. */
  #look(): void {
    for (const lease of this.#totals) lease.rest()
    for (const lease of this.#clients) {
      lease.rest()
      if (!lease.quiet) continue
      lease[Symbol.dispose]()
      this.#clients.delete(lease)
    }
  }
}
