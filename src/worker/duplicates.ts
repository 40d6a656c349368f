import type { Reply } from '../call.ts'
import { now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'

/** How many answers are remembered, of what size together, and for how long. */
export type DuplicatesOptions = Readonly<{ count: number; bytes: number; ageMs: number }>

const overhead = 256 // bytes of bookkeeping for an entry, roughly

/** An answer, linked into a ring that is ordered from the least to the most recently used. */
class Remembered {
  readonly id: string
  readonly reply: Reply
  readonly bytes: number
  readonly at: Instant
  older: Remembered = this
  newer: Remembered = this

  constructor(id: string, reply: Reply, bytes: number) {
    this.id = id
    this.reply = reply
    this.bytes = bytes
    this.at = now()
  }

  unlink(): void {
    this.older.newer = this.newer
    this.newer.older = this.older
  }

  linkBefore(other: Remembered): void {
    this.older = other.older
    this.newer = other
    this.older.newer = other.older = this
  }
}

/** An LRU cache of answers by command id. A repeated command is answered from it instead of being done again. */
export class Duplicates {
  readonly #options: DuplicatesOptions
  // the ring keeps the order, as finding the first key of a Map steps over all keys deleted before it
  readonly #answers = new Map<string, Remembered>()
  readonly #ends = new Remembered('', { status: 200, headers: [], body: new Uint8Array() }, 0)
  #bytes = 0

  constructor(options: DuplicatesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#answers.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The answer to the command; null when it is unknown or forgotten. */
  get(id: string): Reply | null {
    const known = this.#answers.get(id)
    if (known === undefined) return null
    if (since(known.at) > this.#options.ageMs) {
      this.#forget(known)
      return null
    }
    known.unlink()
    known.linkBefore(this.#ends)
    return known.reply
  }

  set(id: string, reply: Reply): void {
    const before = this.#answers.get(id)
    if (before !== undefined) this.#forget(before)
    const answer = new Remembered(id, reply, overhead + id.length + weigh(reply))
    if (answer.bytes > this.#options.bytes) return
    this.#answers.set(id, answer)
    answer.linkBefore(this.#ends)
    this.#bytes += answer.bytes
    while (this.#answers.size > this.#options.count || this.#bytes > this.#options.bytes) this.#forget(this.#ends.newer)
  }

  #forget(answer: Remembered): void {
    this.#answers.delete(answer.id)
    answer.unlink()
    this.#bytes -= answer.bytes
  }
}

/** Failures and 429 are not remembered, as the next sending may succeed. */
export const isKept = ({ status }: Reply): boolean => status !== 429 && status < 500

function weigh({ headers, body }: Reply): number {
  let sum = body.length
  for (const [name, value] of headers) sum += name.length + value.length
  return sum
}
