import type { Pair, Reply } from '../../call.ts'

/** Bodies up to this size are kept as text, one byte a character: an array of bytes of its own weighs 200 bytes more. */
const textBytes = 16_384
const mostKnown = 10_000

/** One copy of texts that come again and again: names of routes, workers, clients, headers. */
export class Interned {
  readonly #known = new Map<string, string>()

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
  readonly #headers: readonly Pair[]
  readonly #body: string | Uint8Array

  constructor({ status, headers, body }: Reply, interned: Interned) {
    this.status = status
    this.#headers = headers.map(([name, value]) => [interned.of(name), interned.of(value)])
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
