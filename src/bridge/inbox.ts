import { every, isoTime, now, since, wallClock } from '../clock.ts'
import type { EpochMs, Instant } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Broker, Handler, Incoming, Reading } from './broker.ts'
import { partitionOf } from './partition.ts'

export type InboxOptions = Readonly<{
  topic: string
  instance: string
  ordinal?: number | undefined
  broadcast: boolean // some worker ignores the partition that its commands name
  /** Creates the topic where that is allowed, and says how many partitions it has. Throws when it is not there. */
  ensure: () => Promise<number>
}>
/** Where workers answer to. */
export type Place = Readonly<{ topic: string; partition: number }>

const lookMs = 200
/** Who deletes a topic may be about to make it anew, in a way of their own. */
const patienceMs = 5_000

/**
 * Where the replies to this instance arrive: one partition of the reply topic, its own by ordinal or by hash of its name,
 * and nothing else, so that the cost of replies does not grow with the number of instances.
 */
export class Inbox implements AsyncDisposable {
  readonly #broker: Broker
  readonly #options: InboxOptions
  readonly #handler: Handler
  #reading: Reading | null = null
  #place: Place | null = null
  #sickAt: Instant | null = null // seen last
  #sickFrom: Instant | null = null // of the present sickness, if there is one
  #heldBackAt: Instant | null = null // seen last
  #absentFrom: Instant | null = null
  #mending = false
  #remadeAt: EpochMs | null = null // the topic, and no reply has come since
  #seenAt: EpochMs | null = null // the same, as the reader has told it last
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
    const partition = ordinal === undefined ? partitionOf(Buffer.from(instance), partitions) : ordinal % partitions
    this.#place = { topic, partition }
    const reading = await this.#broker.subscribe(
      { topic, partitions: broadcast ? 'all' : [partition], from: 'end', lost: 'earliest' },
      record => this.#take(record),
    )
    if (this.#closed) return await reading[Symbol.asyncDispose]()
    this.#reading = reading
    this.#look ??= every(lookMs, () => this.#watch())
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

  /** Whether replies may have been missing or held back since then: silence since then says nothing of any worker. */
  sickSince(instant: Instant): boolean {
    return !this.healthy || this.#isHeldBack() || isAfter(this.#sickAt, instant) || isAfter(this.#heldBackAt, instant)
  }

  /** What an operator should know of the replies although they can arrive: sentences. */
  get notices(): readonly string[] {
    const notices: string[] = []
    const heldMs = this.#reading?.heldBackMs ?? 0
    if (heldMs > 0)
      notices.push(
        `A transaction that is open on ${this.#options.topic} has held the replies behind it back for ${heldMs.toFixed()} ms: look for the producer that began it.`,
      )
    if (this.#remadeAt !== null)
      notices.push(
        `${this.#options.topic} was made anew (seen at ${isoTime(this.#remadeAt)}), and no reply has come since: if calls time out, restart the workers, as some clients go on writing to the topic that was.`,
      )
    return notices
  }

  /** Why replies cannot arrive, in a sentence. */
  get reason(): string {
    if (this.#absentFrom === null) return 'The reader of the replies is being repaired.'
    return `${this.#options.topic} is not there any more, or has fewer partitions.`
  }

  /** Where workers answer to: the same object until it changes. Throws not-ready before `open`. */
  get place(): Place {
    if (this.#place === null)
      throw new Problem('not-ready', 'The reply topic is not known yet.', { retryAfterMs: 1_000 })
    return this.#place
  }

  #take(record: Incoming): void {
    this.#remadeAt = null
    this.#handler(record)
  }

  #isHeldBack(): boolean {
    const held = (this.#reading?.heldBackMs ?? 0) > 0
    if (held) this.#heldBackAt = now()
    return held
  }

  #watch(): void {
    const isAbsent = !this.healthy && this.#reading?.absent === true
    this.#isHeldBack()
    const remadeAt = this.#reading?.remadeAt ?? null
    if (remadeAt !== null && remadeAt !== this.#seenAt) this.#remadeAt = this.#seenAt = remadeAt
    if (!isAbsent) this.#absentFrom = null
    else this.#absentFrom ??= now()
    if (this.#absentFrom !== null && since(this.#absentFrom) >= patienceMs && !this.#mending) void this.#mend()
  }
  /** The topic is made where that is allowed; where our partition is not in it any more, another becomes ours. */
  async #mend(): Promise<void> {
    this.#mending = true
    try {
      const partitions = await this.#options.ensure()
      if (this.#closed || this.#options.broadcast || this.place.partition < partitions) return
      await this.#reading?.[Symbol.asyncDispose]()
      await this.open(partitions)
      this.#remadeAt = wallClock()
    } catch {
      // the next look tries again, and `reason` says meanwhile what is wrong
    } finally {
      this.#absentFrom = null // the same patience until the next attempt
      this.#mending = false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#look?.[Symbol.dispose]()
    await this.#reading?.[Symbol.asyncDispose]()
  }
}

const isAfter = (seen: Instant | null, instant: Instant): boolean => seen !== null && seen >= instant
