import { every, now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Broker, Handler, Reading } from './broker.ts'
import { partitionOf } from './partition.ts'

export type InboxOptions = Readonly<{
  topic: string
  instance: string
  ordinal?: number | undefined
  broadcast: boolean // some worker ignores the partition that its commands name
}>

const lookMs = 200

/**
 * Where the replies to this instance arrive: one partition of the reply topic, its own by ordinal or by hash of its name,
 * and nothing else, so that the cost of replies does not grow with the number of instances.
 */
export class Inbox implements AsyncDisposable {
  readonly #broker: Broker
  readonly #options: InboxOptions
  readonly #handler: Handler
  #reading: Reading | null = null
  #partition: number | null = null
  #sickAt: Instant | null = null // seen last
  #sickFrom: Instant | null = null // of the present sickness, if there is one
  #look: Disposable | null = null
  #closed = false

  constructor(broker: Broker, options: InboxOptions, handler: Handler) {
    this.#broker = broker
    this.#options = options
    this.#handler = handler
  }

  /** Resolves once positioned: no reply acknowledged from then on is missed. */
  async open(partitions: number): Promise<void> {
    const { topic, instance, ordinal, broadcast } = this.#options
    this.#partition = ordinal === undefined ? partitionOf(Buffer.from(instance), partitions) : ordinal % partitions
    const reading = await this.#broker.subscribe(
      { topic, partitions: broadcast ? 'all' : [this.#partition], from: 'end' },
      this.#handler,
    )
    if (this.#closed) return await reading[Symbol.asyncDispose]()
    this.#reading = reading
    this.#look = every(lookMs, () => this.healthy)
  }

  /** Whether replies can arrive at present. */
  get healthy(): boolean {
    if (this.#reading?.healthy === true) {
      this.#sickFrom = null
      return true
    }
    this.#sickAt = now()
    this.#sickFrom ??= this.#sickAt
    return false
  }

  /** For how long replies cannot arrive already; 0 when they can. */
  get sickForMs(): number {
    return this.healthy || this.#sickFrom === null ? 0 : since(this.#sickFrom)
  }

  /** Whether replies may have been missing since then: silence since then says nothing of any worker. */
  sickSince(instant: Instant): boolean {
    return !this.healthy || (this.#sickAt !== null && this.#sickAt >= instant)
  }

  /** Where workers answer to. Throws not-ready before `open`. */
  get place(): Readonly<{ topic: string; partition: number }> {
    if (this.#partition === null)
      throw new Problem('not-ready', 'The reply topic is not known yet.', { retryAfterMs: 1_000 })
    return { topic: this.#options.topic, partition: this.#partition }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#look?.[Symbol.dispose]()
    await this.#reading?.[Symbol.asyncDispose]()
  }
}
