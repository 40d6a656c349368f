import type { RedisOptions } from '../../config/schema.ts'
import { every } from '../clock.ts'
import { Lease } from './lease.ts'
import type { LeaseOptions } from './lease.ts'
import { SharedReservoirs } from './redis.ts'

type Own = Omit<LeaseOptions, 'instances'>
/** After one to two of these without use, what was leased is given back. */
const restMs = 1_000

/** All that this instance leases from the Redis it shares with others, and the one timer that looks after it. */
export class Leases implements AsyncDisposable {
  readonly #reservoirs: SharedReservoirs
  readonly #totals: Lease[] = []
  readonly #sweep: Disposable

  constructor(options: RedisOptions) {
    this.#reservoirs = new SharedReservoirs(options)
    this.#sweep = every(restMs, () => this.#totals.forEach(lease => lease.rest()))
  }

  get ready(): boolean {
    return this.#reservoirs.ready
  }

  get instances(): number {
    return this.#reservoirs.instances
  }

  /** The total of a worker. */
  total(options: Own): Lease {
    const lease = this.#lease(options, `total:${options.name}`)
    this.#totals.push(lease)
    return lease
  }

  /** Gives back what is not spent, and leaves Redis: soon, whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#sweep[Symbol.dispose]()
    for (const lease of this.#totals) lease[Symbol.dispose]()
    await this.#reservoirs[Symbol.asyncDispose]()
  }

  #lease(options: Own, name: string): Lease {
    const { requests, windowMs } = options
    return new Lease(
      { ...options, instances: this.instances },
      this.#reservoirs.reservoir({ name, requests, windowMs }),
    )
  }
}
