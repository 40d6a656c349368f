import { priorities } from '../../call.ts'
import type { Call, Priority } from '../../call.ts'
import type { Cohorts } from './cohorts.ts'
import type { Shares } from './shares.ts'
import { FairQueue } from './fairqueue.ts'
import type { Newcomer, Waiter } from './waiter.ts'

/** The number of a class: the greater, the more it matters. */
export const rankOf = (priority: Priority): number => priorities.indexOf(priority)

/** All who wait for the slots of one worker: a queue for each class, and those of each route with a share of its own. */
export class PriorityQueue {
  readonly #cohorts: Cohorts
  readonly #shares: Shares
  readonly #queues: readonly (readonly FairQueue[])[] // by share, by class
  #size = 0

  constructor(cohorts: Cohorts, shares: Shares, newestFirst: boolean) {
    this.#cohorts = cohorts
    this.#shares = shares
    this.#queues = Array.from({ length: shares.count }, () => priorities.map(() => new FairQueue(newestFirst)))
  }

  get size(): number {
    return this.#size
  }

  /** How many wait, by class: for people. */
  state(): Readonly<Record<Priority, number>> {
    const waiting = (rank: number): number =>
      this.#queues.reduce((sum, queues) => sum + (queues[rank] as FairQueue).size, 0)
    const [sheddable, normal, critical, health] = priorities.map((_, rank) => waiting(rank))
    return { sheddable: sheddable ?? 0, normal: normal ?? 0, critical: critical ?? 0, health: health ?? 0 }
  }

  /** All that wait, in no order. */
  *calls(): Generator<Call> {
    for (const queues of this.#queues) for (const queue of queues) yield* queue.calls()
  }

  add(waiter: Waiter): void {
    this.#size++
    this.#queueOf(waiter).add(waiter)
  }

  remove(waiter: Waiter): void {
    this.#size--
    this.#queueOf(waiter).remove(waiter)
  }

  granting(waiter: Waiter): void {
    this.#queueOf(waiter).granting(waiter)
  }

  /** Who gets the next slot: a route that is owed one, else the class that matters most, else whose client has least. */
  next(limit: number): Waiter | null {
    for (let share = 1; share < this.#queues.length; share++) {
      if (!this.#shares.owed(share, limit)) continue
      const owed = this.#best(share, share)
      if (owed !== null) return owed
    }
    return this.#best(0, this.#queues.length - 1)
  }

  /** Who has to make room for this one, if anybody: a borrower, else the least that matters less, else of a fuller cohort. */
  victim({ call, share: own, place }: Newcomer, limit: number): Waiter | null {
    const rank = rankOf(call.priority)
    if (this.#shares.owed(own, limit)) {
      const borrower = this.#least(priorities.length, share => share !== own && !this.#shares.owed(share, limit))
      if (borrower !== null) return borrower
    }
    const open = (share: number): boolean => share === own || !this.#shares.owed(share, limit)
    const lesser = this.#least(rank, open)
    if (lesser !== null || !this.#cohorts.isHogged(place)) return lesser // most often nobody has more, which is soon seen
    return this.#newest(rank, open, this.#cohorts.inside(place) + this.#cohorts.clearlyMore)
  }

  #queue(share: number, rank: number): FairQueue {
    return (this.#queues[share] as readonly FairQueue[])[rank] as FairQueue
  }

  #queueOf({ share, call }: Waiter): FairQueue {
    return this.#queue(share, rankOf(call.priority))
  }

  #best(from: number, to: number): Waiter | null {
    for (let rank = priorities.length - 1; rank >= 0; rank--) {
      let best: Waiter | null = null
      for (let share = from; share <= to; share++) {
        const found = this.#queue(share, rank).next(this.#cohorts)
        if (found !== null && (best === null || this.#before(found, best))) best = found
      }
      if (best !== null) return best
    }
    return null
  }

  #before(a: Waiter, b: Waiter): boolean {
    const less = this.#cohorts.load(a.place) - this.#cohorts.load(b.place)
    return less < 0 || (less === 0 && a.number < b.number)
  }

  /** The newest of the least class below this one, among the shares that are open to it. */
  #least(below: number, open: (share: number) => boolean): Waiter | null {
    for (let rank = 0; rank < below; rank++) {
      const found = this.#newest(rank, open, 1)
      if (found !== null) return found
    }
    return null
  }

  /** The newest in this class of a client that has at least so many inside. */
  #newest(rank: number, open: (share: number) => boolean, atLeast: number): Waiter | null {
    let found: Waiter | null = null
    for (let share = 0; share < this.#queues.length; share++) {
      const newest = open(share) ? this.#queue(share, rank).newestOfFullest(this.#cohorts, atLeast) : null
      if (newest !== null && (found === null || newest.number > found.number)) found = newest
    }
    return found
  }
}
