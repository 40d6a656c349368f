import { hashOf } from './hash.ts'

const otherBasis = 0x2f0b4a37

/**
 * Remembers texts by 64 bits of hash, the latest at each place of a table: no memory comes and goes with them. It may forget one a
 * little early, and takes one for another once in 10¹⁹.
 */
export class Latest {
  readonly #mask: number
  readonly #marks: Uint32Array
  readonly #places: Uint32Array // the hash that led there: a place alone is only some bits of it

  /** `places` is a power of two. */
  constructor(places: number) {
    this.#mask = places - 1
    this.#marks = new Uint32Array(places)
    this.#places = new Uint32Array(places)
  }

  has(text: string): boolean {
    const hash = hashOf(text)
    const place = hash & this.#mask
    return this.#places[place] === hash && this.#marks[place] === markOf(text)
  }

  add(text: string): void {
    const hash = hashOf(text)
    const place = hash & this.#mask
    this.#places[place] = hash
    this.#marks[place] = markOf(text)
  }
}

/** Never 0, which stands for nothing. */
const markOf = (text: string): number => hashOf(text, otherBasis) || 1
