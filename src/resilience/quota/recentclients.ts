import { now } from '../../clock.ts'

/** However short the window, clients are not forgotten sooner. */
const shortestAgeMs = 10_000

export type RecentClientsOptions = Readonly<{ windowMs: number; clients?: number }>

/**
 * Something for each client, without a timer for any: two generations take turns, and the elder goes as a whole. Whoever has
 * called within `windowMs` is remembered. At most `clients` are; when more come within a window, the elder goes early and
 * takes its debts along.
 */
export class RecentClients<Entry> {
  readonly #make: (client: string) => Entry
  readonly #ageMs: number
  readonly #most: number // of each generation
  #young = new Map<string, Entry>()
  #elder = new Map<string, Entry>()
  #bornAt: number = now()

  constructor(make: (client: string) => Entry, { windowMs, clients = 100_000 }: RecentClientsOptions) {
    this.#make = make
    this.#ageMs = Math.max(windowMs, shortestAgeMs)
    this.#most = Math.max(1, Math.floor(clients / 2))
  }

  /** How many clients are remembered; one that came back counts in both generations. */
  get size(): number {
    return this.#young.size + this.#elder.size
  }

  of(client: string, at: number): Entry {
    if (at - this.#bornAt >= this.#ageMs || this.#young.size >= this.#most) this.#turn(at)
    let entry = this.#young.get(client)
    if (entry === undefined) {
      entry = this.#elder.get(client) ?? this.#make(client)
      this.#young.set(client, entry)
    }
    return entry
  }

  #turn(at: number): void {
    // nobody in it for two ages: the younger are all forgotten too
    this.#elder = at - this.#bornAt >= 2 * this.#ageMs ? new Map() : this.#young
    this.#young = new Map()
    this.#bornAt = at
  }
}
