import type { Held } from '../broker.ts'
import { Prefix } from './prefix.ts'
import type { Ticket } from './prefix.ts'

/** Most records that may be finished behind one that hangs: after a restart no more than these come again. */
const longestSpan = 10_000

/** A partition that this member holds: which records have begun, and whether more may come. */
export class Part {
  readonly #held: Held
  readonly #ahead: number
  readonly #prefix: Prefix
  #open = 0
  #waiting: (() => void) | null = null

  constructor(held: Held, ahead: number) {
    this.#held = held
    this.#ahead = ahead
    this.#prefix = new Prefix(next => held.done(next))
  }

  /** The group took the partition away: what has not begun is left to another member. */
  get lost(): boolean {
    return this.#held.signal.aborted
  }

  begin(offset: bigint): Ticket {
    this.#open++
    return this.#prefix.begin(offset)
  }

  finish(ticket: Ticket): void {
    this.#open--
    this.#prefix.finish(ticket)
    if (this.#hasRoom()) this.wake()
  }

  /** Resolves when the partition may hand over its next record; nothing when it may at once. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom() || this.lost) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = resolve
    return promise
  }

  /** Ends the wait for room. */
  wake(): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.()
  }

  #hasRoom(): boolean {
    return this.#open < this.#ahead && this.#prefix.span < longestSpan
  }
}

/** The partitions that this member holds. */
export class Parts {
  readonly #ahead: number
  readonly #held = new Map<Held, Part>()

  constructor(ahead: number) {
    this.#ahead = ahead
  }

  get size(): number {
    return this.#held.size
  }

  of(held: Held): Part {
    const known = this.#held.get(held)
    if (known !== undefined) return known
    const part = new Part(held, this.#ahead)
    if (part.lost) return part
    this.#held.set(held, part)
    const forget = (): void => {
      this.#held.delete(held)
      part.wake()
    }
    held.signal.addEventListener('abort', forget, { once: true })
    return part
  }

  /** Ends every wait for room. */
  wake(): void {
    for (const part of this.#held.values()) part.wake()
  }
}
