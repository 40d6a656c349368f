import type { Reply } from '../call.ts'
import { now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'

/** How many answers are remembered, of what size together, and for how long. */
export type DuplicatesOptions = Readonly<{ count: number; bytes: number; ageMs: number }>

type Remembered = Readonly<{ reply: Reply; at: Instant; bytes: number }>

const overhead = 256 // an entry's bookkeeping, about

/** The answers given lately, by the identity of the command: what came again is answered again, not done again. */
export class Duplicates {
  readonly #options: DuplicatesOptions
  readonly #answers = new Map<string, Remembered>() // the least recently asked for first
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

  /** The answer that the command got; null when it is not, or no longer, known. */
  get(id: string): Reply | null {
    const known = this.#answers.get(id)
    if (known === undefined) return null
    this.#forget(id, known)
    if (since(known.at) > this.#options.ageMs) return null
    this.#keep(id, known)
    return known.reply
  }

  set(id: string, reply: Reply): void {
    const before = this.#answers.get(id)
    if (before !== undefined) this.#forget(id, before)
    const bytes = overhead + id.length + weigh(reply)
    if (bytes > this.#options.bytes) return
    this.#keep(id, { reply, at: now(), bytes })
    for (const [oldest, answer] of this.#answers) {
      if (this.#answers.size <= this.#options.count && this.#bytes <= this.#options.bytes) return
      this.#forget(oldest, answer)
    }
  }

  #keep(id: string, answer: Remembered): void {
    this.#answers.set(id, answer)
    this.#bytes += answer.bytes
  }

  #forget(id: string, { bytes }: Remembered): void {
    this.#answers.delete(id)
    this.#bytes -= bytes
  }
}

function weigh({ headers, body }: Reply): number {
  let sum = body.length
  for (const [name, value] of headers) sum += name.length + value.length
  return sum
}
