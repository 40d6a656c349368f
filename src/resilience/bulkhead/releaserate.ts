import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'

const telling = 16 // so many say enough
const momentMs = 60 // but not sooner: a worker that pauses for a collection, or a reader that the system lets wait, is not a slow one
/** An epoch lasts at least so long, and until so many slots have come free: the present one and the one before it are counted. */
const epochMs = 100
const epochCount = 64

/** How fast slots come free while all of them are taken: by those that did lately, and by how long none has. */
export class ReleaseRate {
  #count = 0 // that came free in this epoch
  #before = 0 // and in the one before
  #epoch = now() // when this one began
  #begun = now() // and the one before
  #since: Instant | null = null // when the last slot was taken
  #eased: Instant | null = null // when one came free and nobody took it

  /** To be told whenever somebody finds all slots taken. What was known is forgotten when slots were free for `patienceMs`. */
  press(patienceMs: number): void {
    if (this.#since === null || (this.#eased !== null && since(this.#eased) >= patienceMs)) {
      this.#since = this.#epoch = this.#begun = now()
      this.#count = this.#before = 0
    }
    this.#eased = null
  }

  /** To be told whenever a slot stays free. */
  ease(): void {
    this.#eased ??= now()
  }

  /** To be told of each slot that is given back and may be taken again. */
  free(): void {
    if (this.#since === null || this.#eased !== null) return
    this.#count++
    if (this.#count < epochCount || since(this.#epoch) < epochMs) return
    this.#begun = this.#epoch
    this.#epoch = now()
    this.#before = this.#count
    this.#count = 0
  }

  /** Whether slots have been short for `ms`, and none has stayed free for as long. */
  short(ms: number): boolean {
    return this.#since !== null && since(this.#since) >= ms && (this.#eased === null || since(this.#eased) < ms)
  }

  /** How many slots will come free within so many milliseconds; Infinity before it is known, after `patienceMs` at the latest. */
  within(ms: number, patienceMs: number): number {
    if (this.#since === null || this.#eased !== null) return Infinity
    const pressedMs = since(this.#since)
    const count = this.#before + this.#count
    if (pressedMs < patienceMs && (pressedMs < momentMs || count < telling)) return Infinity
    return (count * ms) / since(this.#begun)
  }
}
