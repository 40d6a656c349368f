import { Problem } from '../../problem.ts'

/** One event of a batch as its client wrote it, or why it is none. */
export type Piece = Buffer | Problem

/** Where the pieces of a body end. It is asked about every byte once, in order. */
export interface Framing {
  /** The place of the next delimiter from `at` on; −1: not in this chunk. */
  find(chunk: Buffer, at: number): number
  /** Whether a piece of nothing but blanks, which the latest delimiter ended, means nothing. */
  readonly blank: boolean
  /** Whether the body is one event by itself. */
  readonly alone: boolean
  /** What is wrong when the body ends here; `rest`: something stands behind the latest delimiter. */
  unfinished(rest: boolean): Problem | null
}

/**
 * Cuts a body into the events that it holds while it comes in, as the bytes that the client wrote. A piece beyond `limit` bytes is
 * not kept, and too-large in its place.
 */
export class Splitter {
  readonly #framing: Framing
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #at = 0 // in the first of them
  #parts: Buffer[] = [] // of the piece that has begun, from earlier chunks
  #size = 0

  constructor(framing: Framing, limit: number) {
    this.#framing = framing
    this.#limit = limit
  }

  get alone(): boolean {
    return this.#framing.alone
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  /** The next piece that is whole; null: the rest of it has not come yet. */
  next(): Piece | null {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const end = this.#framing.find(chunk, this.#at)
      this.#keep(chunk.subarray(this.#at, end === -1 ? chunk.length : end))
      if (end === -1) {
        this.#chunks.shift()
        this.#at = 0
        continue
      }
      this.#at = end + 1
      const piece = this.#take()
      if (piece instanceof Problem || piece.length > 0) return piece
      if (!this.#framing.blank) return new Problem('invalid-request', 'Between two commas stands nothing.')
    }
    return null
  }

  /** The last piece, at the true end of the body; null: there is none. */
  finish(): Piece | null {
    const piece = this.#take()
    const rest = piece instanceof Problem || piece.length > 0
    return this.#framing.unfinished(rest) ?? (rest ? piece : null)
  }

  #keep(part: Buffer): void {
    this.#size += part.length
    if (this.#size > this.#limit) this.#parts = []
    else if (part.length > 0) this.#parts.push(part)
  }

  #take(): Piece {
    const [size, parts] = [this.#size, this.#parts]
    this.#size = 0
    this.#parts = []
    if (size > this.#limit) return new Problem('too-large', `The event is larger than ${this.#limit} bytes.`)
    const [first] = parts
    const whole = first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
    return this.#framing.alone ? whole : trimmed(whole)
  }
}

const [tab, newline, carriage, space] = [0x09, 0x0a, 0x0d, 0x20]
const [quote, backslash, comma, open, close] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d]

const isBlank = (byte: number | undefined): boolean =>
  byte === space || byte === newline || byte === carriage || byte === tab

/** Without the blanks of JSON around it. */
function trimmed(bytes: Buffer): Buffer {
  let [from, to] = [0, bytes.length]
  while (from < to && isBlank(bytes[from])) from++
  while (to > from && isBlank(bytes[to - 1])) to--
  return bytes.subarray(from, to)
}

/** One JSON text in each line (NDJSON); empty lines mean nothing, and the last needs no end. */
export const lines = (): Framing => ({
  find: (chunk, at) => chunk.indexOf(newline, at),
  blank: true,
  alone: false,
  unfinished: () => null,
})

/** The elements of a JSON array; any other JSON text is one event `alone`. Elements are told apart by brackets and quotes only. */
export function elements(): Framing {
  let phase: 'before' | 'first' | 'within' | 'after' | 'alone' = 'before'
  let depth = 0
  let quoted = false
  let escaped = false
  let blank = true

  const skip = (byte: number | undefined): void => {
    if (escaped) escaped = false
    else if (byte === backslash) escaped = true
    else if (byte === quote) quoted = false
  }
  const find = (chunk: Buffer, from: number): number => {
    let at = from
    if (phase === 'before') {
      while (at < chunk.length && isBlank(chunk[at])) at++
      if (at === chunk.length) return -1
      phase = chunk[at] === open ? 'first' : 'alone'
      if (phase === 'first') return at
    }
    if (phase === 'alone' || phase === 'after') return -1
    for (; at < chunk.length; at++) {
      const byte = chunk[at]
      if (quoted) skip(byte)
      else if (byte === quote) quoted = true
      else if (byte === open || byte === 0x7b) depth++
      else if (depth > 0) {
        if (byte === close || byte === 0x7d) depth--
      } else if (byte === comma || byte === close) {
        blank = phase === 'first' && byte === close // []
        phase = byte === close ? 'after' : 'within'
        return at
      }
    }
    return -1
  }
  return {
    find,
    get blank() {
      return blank
    },
    get alone() {
      return phase === 'alone'
    },
    unfinished(rest) {
      if (phase === 'before') return invalid('The body is empty.')
      if (phase === 'first' || phase === 'within') return invalid('The array does not end.')
      return phase === 'after' && rest ? invalid('Something stands behind the array.') : null
    },
  }
}

const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
