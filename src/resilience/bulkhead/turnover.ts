import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'

const kept = 64
const telling = 16 // so many say enough
const momentMs = 60 // but not sooner: a worker that pauses for a collection, or a reader that the system lets wait, is not a slow one

/** How fast slots come free while all of them are taken: by the latest that did, and by how long none has. */
export class Turnover {
  readonly #freed = new Float64Array(kept)
  #count = 0
  #since: Instant | null = null // when the last slot was taken
  #eased: Instant | null = null // when one came free and nobody took it

  /** To be told whenever somebody finds all slots taken. What was known is forgotten when slots were free for `patienceMs`. */
  press(patienceMs: number): void {
    if (this.#since === null || (this.#eased !== null && since(this.#eased) >= patienceMs)) {
      this.#since = now()
      this.#count = 0
    }
    this.#eased = null
  }

  /** To be told whenever a slot stays free. */
  ease(): void {
    this.#eased ??= now()
  }

  /** To be told of each slot that is given back and may be taken again. */
  free(): void {
    if (this.#since !== null && this.#eased === null) this.#freed[this.#count++ % kept] = now()
  }

  /** Whether slots have been short for `ms`, and none has stayed free for as long. */
  short(ms: number): boolean {
    return this.#since !== null && since(this.#since) >= ms && (this.#eased === null || since(this.#eased) < ms)
  }

  /** How many slots will come free within so many milliseconds; Infinity before it is known, after `patienceMs` at the latest. */
  within(ms: number, patienceMs: number): number {
    if (this.#since === null || this.#eased !== null) return Infinity
    const pressedMs = since(this.#since)
    if (pressedMs < patienceMs && (pressedMs < momentMs || this.#count < telling)) return Infinity
    const tookMs = this.#count < kept ? pressedMs : since(this.#freed[this.#count % kept] as Instant)
    return (Math.min(this.#count, kept) * ms) / tookMs
  }
}
