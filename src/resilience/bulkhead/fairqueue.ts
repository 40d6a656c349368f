import type { Call } from '../../call.ts'
import { now, since } from '../../clock.ts'
import { Linked } from '../../ring.ts'
import { cohortCount, firstOf, secondOf } from './cohorts.ts'
import type { Cohorts } from './cohorts.ts'
import type { Waiter } from './waiter.ts'

/** For this share of its patience a call may be passed over by those of clients that have less. */
const passedOver = 0.25

/**
 * The calls of one class that wait. The next is of a client that has least in flight, and of those the first that came: max-min
 * fairness, over cohorts of clients, but nobody is passed over until it gives up. Where `newestFirst` is allowed, the last that
 * came is taken instead as long as more wait than can be served within their patience: then the first would be served just
 * before they give up, and everybody late (adaptive LIFO, Maurer, "Fail at Scale", 2015; the interval in which a queue must run
 * empty is that of CoDel, 2012).
 */
export class FairQueue {
  readonly #rings: (Linked | undefined)[] = []
  readonly #lengths = new Uint32Array(cohortCount)
  readonly #mayTurn: boolean
  #size = 0
  #newestFirst = false
  #granted = 0 // in this interval
  #begun = now()
  #intervalMs = 0

  constructor(newestFirst: boolean) {
    this.#mayTurn = newestFirst
  }

  get size(): number {
    return this.#size
  }

  get newestFirst(): boolean {
    return this.#newestFirst
  }

  add(waiter: Waiter): void {
    if (this.#size++ === 0) this.#begin(waiter, false)
    waiter.cohort = this.#shorter(waiter)
    waiter.join((this.#rings[waiter.cohort] ??= new Linked()))
    ;(this.#lengths[waiter.cohort] as number)++
  }

  remove(waiter: Waiter): void {
    waiter.part()
    ;(this.#lengths[waiter.cohort] as number)--
    this.#size--
  }

  /** Whose turn it is, or null. */
  next(cohorts: Cohorts): Waiter | null {
    let found: Waiter | null = null
    if (this.#size === 0) return found
    let load = Infinity
    let oldest: Waiter | null = null
    for (let cohort = 0; cohort < cohortCount; cohort++) {
      if (this.#lengths[cohort] === 0) continue
      const ring = this.#rings[cohort] as Linked
      const waiter = (this.#newestFirst ? ring.before : ring.next) as Waiter
      if (oldest === null || waiter.number < oldest.number) oldest = waiter
      const its = cohorts.load(waiter.place)
      if (found !== null && (its > load || (its === load && waiter.number > found.number !== this.#newestFirst)))
        continue
      found = waiter
      load = its
    }
    return this.#newestFirst || oldest === null || since(oldest.since) < oldest.patienceMs * passedOver ? found : oldest
  }

  /** To be told before a waiter that got its slot is removed. */
  granting(waiter: Waiter): void {
    this.#granted++
    if (since(this.#begun) >= this.#intervalMs) this.#begin(waiter, this.#mayTurn && this.#size > this.#granted)
  }

  /** The newest waiter of a client that has most inside, waiting and in flight, if that is at least so many. */
  newestOfFullest(cohorts: Cohorts, atLeast = 1): Waiter | null {
    let found: Waiter | null = null
    let most = atLeast
    if (this.#size === 0) return found
    for (let cohort = 0; cohort < cohortCount; cohort++) {
      if (this.#lengths[cohort] === 0) continue
      const newest = (this.#rings[cohort] as Linked).before as Waiter
      const inside = cohorts.inside(newest.place)
      if (inside < most) continue
      // of two with as many the newest, or it would be a matter of the salt who goes
      if (found === null || inside > most || newest.number > found.number) found = newest
      most = inside
    }
    return found
  }

  /** All that wait, in no order. */
  *calls(): Generator<Call> {
    for (const ring of this.#rings) {
      if (ring === undefined) continue
      for (let entry = ring.next; entry !== ring; entry = entry.next) yield (entry as Waiter).call
    }
  }

  #shorter({ place }: Waiter): number {
    const [first, second] = [firstOf(place), secondOf(place)]
    return (this.#lengths[first] as number) <= (this.#lengths[second] as number) ? first : second
  }

  #begin({ patienceMs }: Waiter, newestFirst: boolean): void {
    this.#newestFirst = newestFirst
    this.#granted = 0
    this.#begun = now()
    this.#intervalMs = patienceMs
  }
}
