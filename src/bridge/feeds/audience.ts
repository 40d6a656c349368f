import { after, later, now } from '../../clock.ts'
import type { Alarm, Instant } from '../../clock.ts'
import type { Format, Sink, Told } from '../../feed.ts'
import { atEndOfTurn } from '../../turn.ts'

/** More than this is not held back. */
const mostBytes = 65_536

/** The clients of a stream that want the same, in the same format: what they are told is written once for all of them. */
export class Audience {
  readonly #format: Format
  readonly #clients = new Set<Sink>()
  readonly #gatherMs: number
  #pieces: Buffer[] = []
  #bytes = 0
  #alarm: Alarm | null = null
  #next: Instant = now() // not before then does the next piece go out

  constructor(format: Format, gatherMs: number) {
    this.#format = format
    this.#gatherMs = gatherMs
  }

  get size(): number {
    return this.#clients.size
  }

  get format(): Format {
    return this.#format
  }

  /**
   * Goes out with all that comes in the same turn, from whichever partition, in one piece: at once after a silence, else no sooner
   * than `gatherMs` after the piece before.
   */
  tell(told: Told): void {
    const piece = this.#format.record(told)
    const isFirst = this.#pieces.push(piece) === 1
    const isFull = this.#bytes < mostBytes && (this.#bytes += piece.length) >= mostBytes
    const waitMs = this.#gatherMs === 0 ? 0 : this.#next - now()
    if (isFull || (isFirst && waitMs <= 0)) atEndOfTurn(this.#flush)
    else if (isFirst) this.#alarm = after(waitMs, this.#flush)
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
    if (this.#clients.size === 0) this.#flush() // to nobody: nothing is to come later
  }

  readonly #flush = (): void => {
    this.#alarm?.cancel()
    this.#alarm = null
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.#bytes = 0
    if (this.#gatherMs > 0) this.#next = later(this.#gatherMs)
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
