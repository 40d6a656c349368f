import { now, since } from '../../clock.ts'

export const cohortCount = 64
const bits = 6
/** Cohorts are unequal by chance: what differs by four, and by this part of all who are inside, differs clearly. */
const clearly = 0.2
const reseedMs = 10_000

/** The two cohorts of a client, packed into one number so that a call in flight can carry it without an object. */
export type Place = number
export const firstOf = (place: Place): number => place & (cohortCount - 1)
export const secondOf = (place: Place): number => (place >>> bits) & (cohortCount - 1)

const randomSeed = (): number => (Math.random() * 0x1_0000_0000) | 0

/**
 * What the clients have in flight and waiting, without a word kept of any of them: each is hashed to two of 64 cohorts and counts in
 * both, and the lesser of the two is taken for its own (a count-min sketch, Cormode and Muthukrishnan 2005; as a fair
 * queue, Stochastic Fair Blue, Feng et al. 2001). Who shares a cohort with a noisy client has another; sharing both is one
 * in two thousand, and not for long, as the hash is salted anew.
 */
export class Cohorts {
  readonly #inFlight = new Uint32Array(cohortCount)
  readonly #inside = new Uint32Array(cohortCount) // in flight and waiting
  #size = 0
  #seed = randomSeed()
  #seededAt = now()

  placeOf(client: string): Place {
    let hash = this.#seed
    for (let i = 0; i < client.length; i++) hash = Math.imul(hash ^ client.charCodeAt(i), 0x01000193) // FNV-1a
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) // the end of MurmurHash3: the low bits are used
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash = (hash ^ (hash >>> 16)) >>> 0
    const first = hash & (cohortCount - 1)
    const second = (first + 1 + ((hash >>> bits) % (cohortCount - 1))) & (cohortCount - 1) // another one
    return first | (second << bits)
  }

  /** How many are inside, in flight and waiting. */
  get size(): number {
    return this.#size
  }

  enter(place: Place): void {
    add(this.#inFlight, place, 1)
    this.#count(place, 1)
  }

  leave(place: Place): void {
    add(this.#inFlight, place, -1)
    this.#count(place, -1)
  }

  queue(place: Place): void {
    this.#count(place, 1)
  }

  unqueue(place: Place): void {
    this.#count(place, -1)
  }

  /** At most what the client has in flight and what others of both its cohorts have. */
  load(place: Place): number {
    return least(this.#inFlight, place)
  }

  /** The same of what it has in flight and waiting. */
  inside(place: Place): number {
    return least(this.#inside, place)
  }

  /** Whether all who are inside may be calls of this client. */
  isAlone(place: Place): boolean {
    return this.inside(place) === this.#size
  }

  /** So many more than another's are clearly more. */
  get clearlyMore(): number {
    return 4 + Math.floor(this.#size * clearly)
  }

  /** Whether some client has much more inside than this one: its slots are next to come free for this one. */
  isHogged(place: Place): boolean {
    const much = this.inside(place) + this.clearlyMore
    let hogs = 0
    for (let cohort = 0; cohort < cohortCount; cohort++) if ((this.#inside[cohort] as number) >= much) hogs++
    return hogs >= 2 // it counts in both of its own
  }

  /** For when nobody waits, as who waits is sorted by the old hash. What is in flight keeps the place it has. */
  reseed(): void {
    if (since(this.#seededAt) < reseedMs) return
    this.#seed = randomSeed()
    this.#seededAt = now()
  }

  #count(place: Place, by: 1 | -1): void {
    this.#size += by
    add(this.#inside, place, by)
  }
}

const least = (counts: Uint32Array, place: Place): number =>
  Math.min(counts[firstOf(place)] as number, counts[secondOf(place)] as number)

function add(counts: Uint32Array, place: Place, by: 1 | -1): void {
  ;(counts[firstOf(place)] as number) += by
  ;(counts[secondOf(place)] as number) += by
}
