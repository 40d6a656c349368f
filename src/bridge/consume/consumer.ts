import { Aborter } from '../../aborter.ts'
import type { Signal } from '../../aborter.ts'
import { pause } from '../../clock.ts'
import type { Broker, Held, Incoming, Membership } from '../broker.ts'
import { Parts } from './part.ts'

/**
 * Works on a record, and says whether it is finished; one that is not comes again, here or elsewhere. The signal aborts when the
 * partition is taken away or the consumer closes. Must not throw or reject.
 */
export type Work = (record: Incoming, signal: Signal) => boolean | Promise<boolean>
/** At most `ahead` records of a partition are worked on at once. A close waits `stopMs` for those that do not heed their signal. */
export type ConsumerOptions = Membership & Readonly<{ ahead: number; stopMs: number }>

/** A member of a group that works on many records at once: of what is finished, only the prefix is committed. */
export class Consumer implements AsyncDisposable {
  readonly #options: ConsumerOptions
  readonly #work: Work
  readonly #parts: Parts
  readonly #signals = new Map<Held, Aborter>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #quiet = new Aborter()
  #busy = 0
  #closed = false
  #member: AsyncDisposable | null = null

  constructor(options: ConsumerOptions, work: Work) {
    this.#options = options
    this.#work = work
    this.#parts = new Parts(options.ahead)
  }

  /** Partitions held at present: none until records have come. */
  get partitions(): number {
    return this.#signals.size
  }

  async open(broker: Pick<Broker, 'join'>): Promise<void> {
    if (this.#member !== null) return
    const member = await broker.join(this.#options, (record, held) => this.#take(record, held))
    if (this.#closed) await member[Symbol.asyncDispose]()
    else this.#member = member
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const signal of this.#signals.values()) signal.abort(null)
    if (this.#busy > 0) await pause(this.#options.stopMs, this.#quiet)
    this.#gone.resolve() // leaving the group may wait for what was handed over
    this.#parts.wake()
    await this.#member?.[Symbol.asyncDispose]()
  }

  #take(record: Incoming, held: Held): Promise<void> | undefined {
    if (this.#closed) return this.#gone.promise
    const part = this.#parts.of(held)
    const ticket = part.begin(record.offset)
    const finished = this.#work(record, this.#signalOf(held))
    if (finished === true) part.finish(ticket)
    else if (finished !== false) {
      this.#busy++
      void finished.then(isFinished => {
        if (isFinished) part.finish(ticket)
        if (--this.#busy === 0 && this.#closed) this.#quiet.abort(null)
      })
    }
    return part.room()
  }

  #signalOf(held: Held): Signal {
    const known = this.#signals.get(held)
    if (known !== undefined) return known
    const aborter = new Aborter()
    const end = (): void => {
      this.#signals.delete(held)
      aborter.abort(null)
    }
    if (held.signal.aborted) end()
    else {
      this.#signals.set(held, aborter)
      held.signal.addEventListener('abort', end, { once: true })
    }
    return aborter
  }
}
