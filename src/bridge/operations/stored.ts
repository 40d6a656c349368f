import type { Pair, Reply } from '../../call.ts'

/** Bodies up to this size are kept as text, one byte a character: an array of bytes of its own weighs 200 bytes more. */
const textBytes = 16_384
const mostKnown = 10_000

/** One copy of texts that come again and again: names of routes, workers, clients, headers. */
export class Interned {
  readonly #known = new Map<string, string>()
  readonly #lists = new Map<string, readonly Pair[]>()

  /** One copy of a list of headers, too. */
  pairs(headers: readonly Pair[]): readonly Pair[] {
    const name = JSON.stringify(headers)
    const known = this.#lists.get(name)
    if (known !== undefined) return known
    if (this.#lists.size >= mostKnown) this.#lists.clear()
    this.#lists.set(name, headers)
    return headers
  }

  of(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}

/** A reply as it is kept: small, and of its own memory, as it was read it would keep the whole batch alive. */
export class StoredReply {
  readonly status: number
  readonly #headers: readonly Pair[] // the same list for all replies that have these
  readonly #body: string | Uint8Array

  constructor({ status, headers, body }: Reply, interned: Interned) {
    this.status = status
    this.#headers = interned.pairs(headers)
    this.#body =
      body.length > textBytes
        ? new Uint8Array(body)
        : Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  }

  get bytes(): number {
    return this.#body.length
  }

  /** The reply as it came. */
  open(): Reply {
    const body = typeof this.#body === 'string' ? Buffer.from(this.#body, 'latin1') : this.#body
    return { status: this.status, headers: this.#headers, body }
  }
}
