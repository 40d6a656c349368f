import { reaches } from './share.ts'
import { Window } from './window.ts'

const most = 1_000
const theRest = ''

/** Calls, and those of them that count against the target. */
export type Tally = Readonly<{ calls: number; hits: number }>

/** The share that each tenant has in what a circuit counts, so that none opens it alone. Beyond a thousand they are one. */
export class Parties {
  readonly #buckets: number
  readonly #windows = new Map<string, Window>()

  constructor(buckets: number) {
    this.#buckets = buckets
  }

  add(tenant: string, hit: boolean): void {
    const name = this.#windows.size < most || this.#windows.has(tenant) ? tenant : theRest
    let window = this.#windows.get(name)
    if (window === undefined) this.#windows.set(name, (window = new Window(this.#buckets)))
    window.add(hit)
  }

  rotate(): void {
    for (const [tenant, window] of this.#windows) {
      window.rotate()
      if (window.calls === 0) this.#windows.delete(tenant)
    }
  }

  /** What is left of all without the tenant that has most of what counts against the target. */
  without({ calls, hits }: Tally): Tally {
    let worst: Tally = { calls: 0, hits: 0 }
    for (const window of this.#windows.values()) if (window.hits > worst.hits) worst = window
    return { calls: calls - worst.calls, hits: hits - worst.hits }
  }
}

/** Whether there are enough calls, and so many of them count against the target; and still so without any one tenant. */
export const isShared = (all: Tally, minCalls: number, percent: number, parties: Parties | null): boolean =>
  isEnough(all, minCalls, percent) && (parties === null || isEnough(parties.without(all), minCalls, percent))

const isEnough = ({ calls, hits }: Tally, minCalls: number, percent: number): boolean =>
  calls >= minCalls && reaches(hits, calls, percent)
