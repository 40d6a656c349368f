import type { Format, Sink, Told } from '../../feed.ts'
import { atEndOfTurn } from '../../turn.ts'

/** The clients of a stream that want the same, in the same format: what they are told is written once for all of them. */
export class Audience {
  readonly #format: Format
  readonly #clients = new Set<Sink>()
  #pieces: Buffer[] = []

  constructor(format: Format) {
    this.#format = format
  }

  get size(): number {
    return this.#clients.size
  }

  get format(): Format {
    return this.#format
  }

  /** Goes out with all that comes in the same turn, from whichever partition, in one piece. */
  tell(told: Told): void {
    if (this.#pieces.length === 0) atEndOfTurn(this.#flush)
    this.#pieces.push(this.#format.record(told))
  }

  /** Goes out at once, after what was told before. */
  say(bytes: Buffer): void {
    this.#flush()
    this.#write(bytes)
  }

  /** From now on it is told; not what was told before. */
  join(sink: Sink): void {
    this.#flush()
    this.#clients.add(sink)
  }

  leave(sink: Sink): void {
    this.#clients.delete(sink)
  }

  readonly #flush = (): void => {
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.#write(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces))
  }

  #write(bytes: Buffer): void {
    for (const sink of this.#clients)
      if (!sink.write(bytes)) {
        this.#clients.delete(sink)
        sink.lag()
      }
  }
}
