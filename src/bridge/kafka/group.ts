import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { after, now, pause, since, within } from '../../clock.ts'
import type { Alarm, Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Header, Held, Incoming, MemberHandler, Membership } from '../broker.ts'
import type { Access } from './access.ts'
import { client } from './client.ts'
import { positions } from './follow.ts'
import './rejoin.ts'

const commitMs = 500
const yieldMs = 10
const heartbeatMs = 1_000
const rebuildMs = 1_000
/** After a generation has ended, batches that had been fetched still come for so long. */
const stragglersMs = 1_000
/** Leaving spares the others the session timeout; a coordinator that does not answer must not hold anybody up. */
const leaveMs = 2_000

/**
 * A partition as held in one generation of the group. What was fetched waits here until the handler takes it, and the
 * partition is paused meanwhile: kafkajs would not fetch from others either while one of its batches is under way.
 */
export class Holding implements Held {
  readonly topic: string
  readonly partition: number
  readonly #ended = new AbortController()
  readonly #changed: (ended: boolean) => void
  #taken = 0n // offsets below have been fetched before
  next: bigint | null = null
  committed: bigint | null = null

  constructor(topic: string, partition: number, changed: (ended: boolean) => void) {
    this.topic = topic
    this.partition = partition
    this.#changed = changed
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  done(next: bigint): void {
    if (this.next !== null && next <= this.next) return
    this.next = next
    this.#changed(this.signal.aborted)
  }

  /**
   * What of a batch was not fetched before: when a leader moves, kafkajs may ask the old and the new one for the same offsets, and
   * brings what both answer.
   */
  unseen<T extends Readonly<{ offset: bigint }>>(records: readonly T[]): readonly T[] {
    const unseen = records.filter(({ offset }) => offset >= this.#taken)
    const last = unseen.at(-1)
    if (last !== undefined) this.#taken = last.offset + 1n
    return unseen
  }

  /** It is read from elsewhere, as what was next is not in the log. */
  reposition(): void {
    this.#taken = 0n
  }

  /** Hands over one record after the other, until all are taken or the partition is taken away. */
  async hand(records: readonly Incoming[], handler: MemberHandler): Promise<void> {
    for (const record of records) {
      if (this.signal.aborted) return
      await handler(record, this)
    }
  }

  end(): void {
    this.#ended.abort()
  }
}

/** Membership in a group by kafkajs, built anew whenever it dies. Positions are committed in the background, only finished ones. */
export class Member {
  readonly #access: Access
  readonly #membership: Membership
  readonly #handler: MemberHandler
  readonly #held = new Map<number, Holding>()
  readonly #ended = new AbortController()
  #consumer: Consumer | null = null
  #crashed: (reason: string) => void = () => {}
  #yieldedAt: Instant | null = null // the generation has ended, and no other has begun
  #cut = new AbortController() // of the connections of the consumer
  #commit: Alarm | null = null
  readonly #lost = (group: string, partition: number): void => {
    if (group === this.#membership.group) this.#held.get(partition)?.reposition()
  }

  constructor(access: Access, membership: Membership, handler: MemberHandler) {
    this.#access = access
    this.#membership = membership
    this.#handler = handler
  }

  /** Resolves once admitted; keeps trying until then, or until closed. */
  async open(): Promise<this> {
    positions.on('lost', this.#lost)
    const admitted = Promise.withResolvers<void>()
    void this.#keep(admitted.resolve)
    await admitted.promise
    return this
  }

  async #keep(admitted: () => void): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const crashed = Promise.withResolvers<string>()
      try {
        await this.#run(admitted, crashed.resolve)
        const reason = await crashed.promise
        if (!this.#ended.signal.aborted) this.#warn(reason)
      } catch (error) {
        this.#warn(error)
      }
      this.#release()
      await this.#leave()
      await pause(rebuildMs, this.#ended.signal)
    }
    admitted()
  }

  async #run(admitted: () => void, crashed: (reason: string) => void): Promise<void> {
    const { group, topic, from } = this.#membership
    this.#cut = new AbortController()
    const consumer = client(this.#access, { cut: this.#cut.signal }).consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 500,
      sessionTimeout: 10_000,
      heartbeatInterval: heartbeatMs,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000, factor: 0 },
    })
    this.#consumer = consumer
    this.#crashed = crashed
    this.#yieldedAt = null
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#yieldedAt = null
      this.#release() // a new generation: what was not committed comes again
      for (const partition of payload.memberAssignment[topic] ?? [])
        this.#held.set(partition, new Holding(topic, partition, ended => this.#schedule(ended ? yieldMs : undefined)))
      consumer.resume([{ topic }]) // what the last generation paused
      admitted()
    })
    consumer.on(consumer.events.REBALANCING, () => this.#yield())
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) crashed(payload.error.message)
    })
    this.#ended.signal.addEventListener('abort', () => crashed('closed'), { once: true })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: from === 'earliest' })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 16,
      eachBatch: batch => this.#each(batch),
    })
  }

  async #each(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    if (this.#yieldedAt !== null && since(this.#yieldedAt) > stragglersMs)
      return this.#crashed(
        'its coordinator went while the group was joined again, and it goes on as if nothing had been',
      )
    const held = this.#held.get(batch.partition)
    if (held === undefined) return
    const all = batch.messages.map(message => incoming(batch.topic, batch.partition, message))
    const records = held.unseen(all)
    if (records.length === 0) return
    const resume = payload.pause()
    payload.resolveOffset(batch.lastOffset()) // of the fetching; what is committed, `done` says
    held
      .hand(records, this.#handler)
      .catch((cause: unknown) => this.#warn(cause))
      .finally(resume)
    await payload.heartbeat()
  }

  /** Begins nothing more, and commits at once what is done: the old generation still may, and whoever comes next goes on there. */
  #yield(): void {
    this.#yieldedAt = now()
    for (const held of this.#held.values()) held.end()
    this.#commit?.cancel()
    this.#commit = null
    void this.#flush()
  }

  #schedule(delayMs = this.#membership.commitMs ?? commitMs): void {
    this.#commit ??= after(delayMs, () => {
      this.#commit = null
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const offsets = [...this.#held.values()].flatMap(held =>
      held.next === null || held.next === held.committed ? [] : [held],
    )
    if (offsets.length === 0) return
    const written = offsets.map(held => ({ held, next: held.next }))
    try {
      await this.#consumer?.commitOffsets(
        written.map(({ held, next }) => ({ topic: held.topic, partition: held.partition, offset: String(next) })),
      )
      for (const { held, next } of written) held.committed = next
    } catch {
      if (!this.#ended.signal.aborted) this.#schedule() // a rebalance is under way; what stays uncommitted comes again
    }
  }

  #release(): void {
    for (const held of this.#held.values()) held.end()
    this.#held.clear()
  }

  #warn(cause: unknown): void {
    events.warning.publish({
      what: `The consumer of the group ${this.#membership.group} died and is built anew.`,
      cause,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#commit?.cancel()
    await within(leaveMs, this.#flush())
    this.#ended.abort()
    positions.off('lost', this.#lost)
    this.#release()
    await this.#leave()
  }

  async #leave(): Promise<void> {
    if (this.#consumer !== null) await within(leaveMs, this.#consumer.disconnect())
    this.#cut.abort()
  }
}

function incoming(
  topic: string,
  partition: number,
  { offset, timestamp, key, value, headers }: KafkaMessage,
): Incoming {
  const pairs: Header[] = []
  for (const [name, values] of Object.entries(headers ?? {}))
    for (const value of Array.isArray(values) ? values : [values])
      if (value !== undefined) pairs.push([name, typeof value === 'string' ? Buffer.from(value) : value])
  return { topic, partition, offset: BigInt(offset), timestamp: Number(timestamp), key, value, headers: pairs }
}
