import { pause } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { TopicInfo } from '../../bridge/admin.ts'
import type { Broker, Incoming, Reading } from '../../bridge/broker.ts'
import { isSameLog, logOf } from '../../bridge/past.ts'
import type { Kept } from '../../bridge/past.ts'
import { Limit } from './limit.ts'

export type FollowParts = Readonly<{
  broker: Broker
  topic: string
  /** Where a snapshot had come; nothing: from the beginning. */
  kept: Kept
  take: (record: Incoming) => void
  /** A piece of the past has been taken: how far it is, in offsets. */
  advanced: (done: number, of: number) => void
  /** It cannot go on: what was to be read is gone, or cannot be taken. */
  failed: (error: Error) => void
}>

const pageBytes = 1_048_576
const peekMs = 100
const againMs = 500

/** A log that is deleted from its beginning is no state, though it is whole today. */
function warnOf({ name, keeping }: TopicInfo): void {
  if (keeping === undefined || keeping.retentionMs < 0) return
  const what = `${name} deletes its events after ${keeping.retentionMs} ms: what was deleted cannot be replayed. Set retention.ms=-1.`
  events.warning.publish({ what, cause: undefined })
}

/** Reads a topic from its beginning, in pages, and goes on with what comes. Each record is taken once, in the order of its partition. */
export class Follow implements AsyncDisposable {
  readonly #parts: FollowParts
  readonly #positions: number[]
  #log: number
  readonly #waiting = new Set<() => void>()
  #reading: Reading | null = null
  #failure: Error | null = null

  constructor(parts: FollowParts) {
    this.#parts = parts
    this.#positions = [...parts.kept.positions]
    this.#log = parts.kept.log
  }

  get positions(): readonly number[] {
    return this.#positions
  }

  get kept(): Kept {
    return { positions: this.#positions, log: this.#log }
  }

  get failure(): Error | null {
    return this.#failure
  }

  /**
   * Resolves once it has caught up, and follows. Goes on trying while the brokers do not answer. Throws an Error when the topic does not
   * exist, has another number of partitions than before, or lacks what is to be read.
   */
  async open(signal: AbortSignal): Promise<void> {
    for (;;)
      try {
        signal.throwIfAborted()
        await this.#open(signal)
        return
      } catch (error) {
        if (!(error instanceof Problem) || error.code === 'topic-missing' || error.code === 'topic-forbidden')
          throw error
        await pause(againMs, signal)
      }
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { broker, topic } = this.#parts
    const info = await broker.admin.topic(topic)
    if (info === null) throw new Problem('topic-missing', `There is no topic ${topic}.`)
    if (info.compacted === true) throw new Error(`${topic} is compacted: of its keys only the latest event is kept.`)
    warnOf(info)
    broker.partitionFor(topic, null) // throws while the metadata is not there
    const { past } = broker
    const firsts = await past.offsets(topic, 'earliest')
    const ends = await past.offsets(topic, 'end')
    const log = logOf(past.id(topic))
    if (!isSameLog(log, this.#log)) throw new Error(`${topic} was made anew since the snapshot. Remove that.`)
    this.#log = log
    const before = this.#positions.length
    if (before > 0 && before !== ends.length)
      throw new Error(`${topic} had ${before} partitions and has ${ends.length}: its keys have moved.`)
    const of = ends.reduce((sum, end) => sum + Number(end), 0)
    for (const [partition, end] of ends.entries()) {
      this.#begin(partition, Number(firsts[partition] ?? 0n), Number(end))
      while ((this.#positions[partition] ?? 0) < end && !signal.aborted) await this.#page(partition, of)
    }
    if (signal.aborted) return
    const from = { offsets: this.#positions.map(BigInt) }
    const moved = (partition: number): void => this.#lost(partition)
    this.#reading = await broker.subscribe({ topic, partitions: 'all', from, lost: 'earliest', moved }, record => {
      if (Number(record.offset) >= (this.#positions[record.partition] ?? 0)) this.#take(record)
      this.#wake()
    })
  }

  #begin(partition: number, first: number, end: number): void {
    const { topic } = this.#parts
    const position = (this.#positions[partition] ??= 0)
    if (position < first)
      throw new Error(
        `${topic} begins at ${first} in partition ${partition}, and ${position} is needed: set retention.ms=-1.`,
      )
    if (position > end)
      throw new Error(
        `${topic} ends at ${end} in partition ${partition}, before ${position}: it was made anew. Remove the snapshot.`,
      )
  }

  async #page(partition: number, of: number): Promise<void> {
    const { broker, topic, advanced } = this.#parts
    const from = this.#positions[partition] ?? 0
    const { records, next } = await broker.past.page({ topic, partition, from: BigInt(from), maxBytes: pageBytes })
    for (const record of records) this.#take(record)
    this.#positions[partition] = Math.max(this.#positions[partition] ?? 0, Number(next))
    if (this.#failure !== null) throw this.#failure
    if (records.length === 0 && Number(next) === from) await pause(peekMs)
    advanced(
      this.#positions.reduce((sum, next) => sum + next, 0),
      of,
    )
  }

  #take(record: Incoming): void {
    if (this.#failure !== null) return
    try {
      this.#parts.take(record)
      this.#positions[record.partition] = Number(record.offset) + 1
    } catch (cause) {
      const { topic, partition, offset } = record
      this.#fail(new Error(`The record ${topic}/${partition} at ${offset} cannot be applied.`, { cause }))
    }
  }

  #lost(partition: number): void {
    this.#fail(new Error(`${this.#parts.topic} has lost records of partition ${partition} that were not read yet.`))
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#parts.failed(error)
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Resolves with true once everything of the partition below `next` is taken; with false when the signal aborts before. Throws the failure. */
  async reach(partition: number, next: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      if ((this.#positions[partition] ?? 0) >= next) return true
      if (signal.aborted) return false
      await this.#news(signal)
      if ((this.#positions[partition] ?? 0) < next) await this.#peek(partition)
    }
  }

  async #news(signal: AbortSignal): Promise<void> {
    using limit = new Limit(signal)
    this.#waiting.add(limit.end)
    await pause(peekMs, limit.signal)
    this.#waiting.delete(limit.end)
  }

  /** Offsets without records, as of transactions, are told by no reader. */
  async #peek(partition: number): Promise<void> {
    const { broker, topic } = this.#parts
    const from = this.#positions[partition] ?? 0
    const page = await broker.past.page({ topic, partition, from: BigInt(from), maxBytes: 1 }).catch(() => null)
    if (page !== null && page.records.length === 0 && this.#positions[partition] === from)
      this.#positions[partition] = Math.max(from, Number(page.next))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading?.[Symbol.asyncDispose]()
  }
}
