import { randomUUID } from 'node:crypto'
import { wallClock } from '../clock.ts'
import { events } from '../events.ts'
import { Problem } from '../problem.ts'
import type { Admin, NewTopic, TopicInfo } from './admin.ts'
import type { Past } from './past.ts'
import type {
  Acknowledged,
  Avoids,
  Broker,
  BrokerState,
  From,
  Handler,
  PacingHandler,
  MemberHandler,
  Membership,
  Outgoing,
  Reading,
  Source,
} from './broker.ts'
import { acknowledgement, notWritten } from './memory/acknowledgement.ts'
import { Follower } from './memory/follower.ts'
import { Group } from './memory/group.ts'
import type { Member } from './memory/group.ts'
import { Log } from './memory/log.ts'
import { weigh } from './memory/segment.ts'
import { Turns } from './memory/turns.ts'
import { SharedRetention } from './memory/retention.ts'
import { offsetsOf, pageOf } from './memory/past.ts'
import { partitionOf } from './partition.ts'

export type MemoryOptions = Readonly<{
  partitions: number // of a topic created with −1
  records: number // kept in each partition
  bytes: number // kept in each partition
  totalBytes: number // kept in all of them together
  maxMessageBytes: number // largest record, of a topic that does not say max.message.bytes
}>

const mebi = 1_048_576
const defaults: MemoryOptions = {
  partitions: 1,
  records: 20_000,
  bytes: 16 * mebi,
  totalBytes: 16 * mebi,
  maxMessageBytes: 1_048_588,
}

type Topic = Readonly<{ id: string; info: TopicInfo; logs: readonly Log[] }>

/** A broker inside the process: what `sluice start` has without Kafka, and the twin that the tests run on. Nothing outlives the process. */
export class MemoryBroker implements Broker {
  readonly admin: Admin
  readonly past: Past
  readonly #options: MemoryOptions
  readonly #topics = new Map<string, Topic>()
  readonly #groups = new Map<string, Group>()
  readonly #watchers = new Set<(state: BrokerState) => void>()
  readonly #endings = new Set<() => void>()
  readonly #turns = new Turns()
  readonly #shared: SharedRetention
  #state: BrokerState = 'ready'
  #reason = ''
  #ackMs = 0

  constructor(options: Partial<MemoryOptions> = {}) {
    this.#options = { ...defaults, ...options }
    this.#shared = new SharedRetention(this.#options.totalBytes)
    this.admin = {
      topic: async name => this.#reachable().#topics.get(name)?.info ?? null,
      create: async topics => topics.forEach(topic => this.#reachable().#create(topic)),
      ends: async topic =>
        this.#reachable()
          .#known(topic)
          .logs.map(log => BigInt(log.end)),
      group: async (name, topic) => {
        const { logs } = this.#reachable().#known(topic)
        const group = this.#groups.get(groupId(name, topic))
        return {
          members: group?.size ?? 0,
          rebalancing: false, // here a rebalance is over before anybody can look
          committed: logs.map((_, partition) => BigInt(group?.committed[partition] ?? -1)),
          ends: logs.map(log => BigInt(log.end)),
        }
      },
    }
    this.past = {
      id: topic => this.#topics.get(topic)?.id ?? null,
      offsets: async (topic, place) =>
        this.#reachable()
          .#known(topic)
          .logs.map(log => offsetsOf(log, place)),
      page: async ({ topic, partition, from, maxBytes }) =>
        pageOf(existing(this.#reachable().#known(topic).logs, topic, partition), from, maxBytes),
    }
  }

  get state(): BrokerState {
    return this.#state
  }

  get reason(): string {
    return this.#reason
  }

  start(): void {
    this.#become(this.#state, this.#reason)
  }

  movedSince(): boolean {
    return false
  }

  watch(changed: (state: BrokerState) => void): Disposable {
    const watcher = (state: BrokerState): void => changed(state) // of its own: the same function may watch twice
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  partitionFor(topic: string, key: Uint8Array | null, avoids: Avoids = none): number {
    const { partitions } = this.#known(topic).info
    if (key !== null) return partitionOf(key, partitions)
    const turn = this.#turns.count % partitions
    for (let i = 0; i < partitions; i++) {
      const partition = (turn + i) % partitions
      if (!avoids(partition)) return partition
    }
    return turn
  }

  async publish(record: Outgoing): Promise<Acknowledged> {
    const { partition, signal, acks } = record
    if (signal.aborted) throw notWritten(signal.reason)
    const { info, logs } = this.#reachable().#known(record.topic)
    const log = logs[partition]
    if (log === undefined) throw new Problem('topic-missing', `${record.topic} has no partition ${partition}.`)
    const weight = weigh(record)
    if (weight > info.maxMessageBytes)
      throw new Problem('too-large', `The record has ${weight} bytes; ${record.topic} takes ${info.maxMessageBytes}.`)
    const offset = log.append(record, weight, wallClock())
    for (const follower of log.followers) this.#turns.wake(follower)
    this.#turns.schedule()
    if (this.#ackMs > 0) await acknowledgement(this.#ackMs, signal)
    return { partition, offset: acks === 'none' ? -1n : BigInt(offset) }
  }

  async subscribe(
    { topic, partitions, from, lost = 'end', moved }: Source,
    handler: Handler | PacingHandler,
  ): Promise<Reading> {
    const { logs } = this.#reachable().#known(topic)
    const wanted = partitions === 'all' ? logs : partitions.map(partition => existing(logs, topic, partition))
    const followers = wanted.map(log => {
      const asked = placeOf(from, log)
      return new Follower({
        log,
        next: asked > log.end ? log.end : asked,
        outOfRange: from === 'earliest' ? 'earliest' : lost,
        turns: this.#turns,
        deliver: record => handler(record),
        moved: moved && (to => moved(log.partition, BigInt(to))),
      })
    })
    let ended = false
    const end = this.#endable(() => {
      ended = true
      for (const follower of followers) follower.end()
    })
    const isReady = (): boolean => this.#state === 'ready'
    return {
      get healthy() {
        return !ended && isReady()
      },
      absent: false, // here no topic is ever deleted, and nothing is written in a transaction
      heldBackMs: 0,
      remadeAt: null,
      [Symbol.asyncDispose]: async () => end(),
    }
  }

  async join({ group: name, topic, from }: Membership, handler: MemberHandler): Promise<AsyncDisposable> {
    const { logs } = this.#reachable().#known(topic)
    const id = groupId(name, topic)
    const group = this.#groups.get(id) ?? new Group(logs, this.#turns)
    this.#groups.set(id, group)
    const member: Member = { handler, from }
    group.join(member)
    const end = this.#endable(() => group.leave(member))
    return { [Symbol.asyncDispose]: async () => end() }
  }

  /** From now on nothing is written, read or told, as if every broker were gone; what is in the log stays. */
  outage(reason = 'The embedded broker is down.'): void {
    this.#turns.halt()
    this.#become('down', reason)
  }

  /** Ends an outage: readers go on where they were. */
  restore(): void {
    this.#become('ready', '')
    this.#turns.resume()
  }

  /** From now on nothing is read or acknowledged, and nobody is told: a broker that stands still. What is written is in the log. */
  pause(): void {
    this.#turns.halt()
    this.slow(Infinity)
  }

  /** Ends a pause: readers go on where they were. What was not acknowledged stays in doubt. */
  resume(): void {
    this.slow(0)
    this.#turns.resume()
  }

  /** Acknowledges `ms` after writing from now on; Infinity: never. Who gives up meanwhile is in doubt. */
  slow(ms: number): void {
    this.#ackMs = ms
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings) end()
    this.#become('down', 'The embedded broker is closed.')
  }

  #become(state: BrokerState, reason: string): void {
    this.#state = state
    this.#reason = reason
    if (events.broker.hasSubscribers) events.broker.publish({ state, reason })
    for (const watcher of this.#watchers) watcher(state)
  }

  /** What must end with the broker, at the latest; ends once. */
  #endable(task: () => void): () => void {
    const end = (): void => {
      if (this.#endings.delete(end)) task()
    }
    this.#endings.add(end)
    return end
  }

  #reachable(): this {
    if (this.#state !== 'ready') throw new Problem('broker-unavailable', this.#reason)
    return this
  }

  #known(name: string): Topic {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw new Problem('topic-missing', `There is no topic ${name}.`)
    return topic
  }

  #create({ name, partitions, config }: NewTopic): void {
    if (this.#topics.has(name)) return
    const { records, bytes, ...standard } = this.#options
    const retention = { records, bytes, shared: this.#shared }
    const count = partitions === -1 ? standard.partitions : partitions
    const maxMessageBytes = Number(config['max.message.bytes'] ?? standard.maxMessageBytes)
    const logs = Array.from({ length: count }, (_, partition) => new Log(name, partition, retention))
    const compacted = config['cleanup.policy']?.includes('compact') === true
    const info = { name, partitions: count, maxMessageBytes, ...(compacted && { compacted }) }
    this.#topics.set(name, { id: randomUUID(), info, logs })
  }
}

function placeOf(from: From, log: Log): number {
  if (from === 'end') return log.end
  if (from === 'earliest') return log.first
  return Number('offset' in from ? from.offset : (from.offsets[log.partition] ?? 0n))
}

const none: Avoids = () => false
const groupId = (name: string, topic: string): string => `${name} ${topic}` // no topic has a space in its name

function existing(logs: readonly Log[], topic: string, partition: number): Log {
  const log = logs[partition]
  if (log === undefined) throw new Problem('topic-missing', `${topic} has no partition ${partition}.`)
  return log
}
