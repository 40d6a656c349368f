import { events } from '../../events.ts'
import type { Incoming } from '../broker.ts'
import type { Log } from './log.ts'
import type { Turns, Waking } from './turns.ts'

/** Takes a record; while the promise it returned is pending it gets no other. */
export type Deliver = (record: Incoming) => void | Promise<void>

export type FollowerOptions = Readonly<{
  log: Log
  next: number // the offset to begin with
  outOfRange: 'earliest' | 'end' // where to go on when retention has dropped what came next
  turns: Turns
  deliver: Deliver
  moved?: ((to: number) => void) | undefined // told when it went on elsewhere
}>

/** One reader's place in one partition. */
export class Follower implements Waking {
  readonly #log: Log
  readonly #turns: Turns
  readonly #deliver: Deliver
  readonly #outOfRange: 'earliest' | 'end'
  readonly #moved: ((to: number) => void) | undefined
  #next: number
  #left = 0 // records that may still be handed over in this turn
  #busy = false
  #ended = false
  waits = false // in the queue of the turns

  constructor({ log, next, outOfRange, turns, deliver, moved }: FollowerOptions) {
    this.#log = log
    this.#turns = turns
    this.#deliver = deliver
    this.#outOfRange = outOfRange
    this.#moved = moved
    this.#next = next
    log.followers.add(this)
    turns.wake(this)
  }

  /** Hands over what is there, at most `limit` records, as long as the handler keeps up. */
  take(limit: number): void {
    this.#left = limit
    this.#go()
  }

  end(): void {
    this.#ended = true
    this.#log.followers.delete(this)
  }

  #go(): void {
    while (!this.#busy && !this.#ended && this.#next < this.#log.end) {
      if (this.#left-- <= 0 || this.#turns.halted) return this.#turns.wake(this)
      if (this.#next < this.#log.first) this.#reposition()
      else this.#handOver(this.#log.at(this.#next++))
    }
  }

  #handOver(record: Incoming): void {
    try {
      const running = this.#deliver(record)
      if (!(running instanceof Promise)) return
      this.#busy = true
      const free = (): void => {
        this.#busy = false
        this.#go()
      }
      running.then(free, (cause: unknown) => {
        this.#warn(cause)
        free()
      })
    } catch (cause) {
      this.#warn(cause)
    }
  }

  /** A handler must not throw; if it does, the records behind this one still come. */
  #warn(cause: unknown): void {
    events.warning.publish({ what: `A handler of ${this.#log.topic} threw.`, cause })
  }

  #reposition(): void {
    const { topic, partition, first, end } = this.#log
    const from = this.#next
    this.#next = this.#outOfRange === 'earliest' ? first : end
    const reason = `The records from ${from} are no longer kept.`
    events.reader.publish({ topic, partition, kind: 'repositioned', reason, offset: BigInt(this.#next) })
    this.#moved?.(this.#next)
  }
}
