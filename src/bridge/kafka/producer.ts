import { now, since, wallClock } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import { Linked } from '../../ring.ts'
import { atEndOfTurn } from '../../turn.ts'
import type { Acknowledged, Acks, Avoids, Outgoing } from '../broker.ts'
import { meansStale } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { LinkLost } from './link.ts'
import { codes, produceRequest } from './protocol.ts'
import type { Produce, Produced } from './protocol.ts'
import { batchOverhead, recordSize } from './records.ts'
import { notHandedOver, refusedBy, unconfirmed } from './verdict.ts'

export type ProducerOptions = Readonly<{ requestMs: number; buffer: Readonly<{ records: number; bytes: number }> }>

const mostRecords = 512 // of one produce request: beyond, the broker's latency grows more than its throughput
const mostBytes = 8 * 1_048_576
/** The broker gives up first, and says so: were our limit the first, it would cost the connection and all that waits on it. */
const brokerShare = 0.8

/** A record on its way: waiting in the buffer, then handed over, then settled. */
class Pending extends Linked {
  readonly record: Outgoing
  readonly size: number
  readonly resolve: (at: Acknowledged) => void
  readonly reject: (problem: Problem) => void
  readonly settled: (pending: Pending) => void
  stage: 'waiting' | 'handed-over' | 'settled' = 'waiting'

  constructor(
    record: Outgoing,
    size: number,
    settled: (pending: Pending) => void,
    resolve: (at: Acknowledged) => void,
    reject: (problem: Problem) => void,
  ) {
    super()
    this.record = record
    this.size = size
    this.settled = settled
    this.resolve = resolve
    this.reject = reject
    record.signal.addEventListener('abort', this, { once: true })
  }

  /** The signal has aborted. */
  handleEvent(): void {
    const { reason } = this.record.signal as { reason: unknown }
    if (this.stage === 'waiting') this.fail(notHandedOver(reason))
    else if (reason instanceof Problem && reason.code === 'client-gone') return // what is handed over goes on without it
    else this.fail(unconfirmed(reason instanceof Problem ? reason.message : 'The broker has not confirmed the record.'))
  }

  fail(problem: Problem): void {
    if (this.#settle()) this.reject(problem)
  }

  succeed(partition: number, offset: bigint): void {
    if (this.#settle()) this.resolve({ partition, offset })
  }

  #settle(): boolean {
    if (this.stage === 'settled') return false
    this.settled(this)
    this.stage = 'settled'
    this.record.signal.removeEventListener('abort', this)
    return true
  }
}

/**
 * Publishes in micro-batches: one produce request in flight for each leader, and what has gathered meanwhile is the next.
 * It adds nothing to the latency, as a request sent at once would wait in the broker behind the one before it.
 */
export class Producer {
  readonly #cluster: Cluster
  readonly #options: ProducerOptions
  readonly #leaders = new Map<number, Leader>()
  readonly #limits = new Map<string, number>()
  readonly #turns = new Map<string, number>()
  #records = 0
  #bytes = 0
  readonly #settled = (pending: Pending): void => {
    pending.part()
    this.#records--
    this.#bytes -= pending.size
  }

  constructor(cluster: Cluster, options: ProducerOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Records that wait to be handed over. */
  get waiting(): number {
    return this.#records
  }

  /** A larger record than the topic takes is refused here: the broker would refuse its whole batch. */
  limit(topic: string, maxMessageBytes: number): void {
    this.#limits.set(topic, maxMessageBytes)
  }

  /** The partition that keyless records fill at present: another after each batch, passing over those without a leader and, if there is another, those to be avoided. */
  turn(topic: string, avoids?: Avoids): number {
    const count = this.#cluster.partitions(topic)
    const turn = this.#turns.get(topic) ?? 0
    let second: number | null = null
    for (let i = 0; i < count; i++) {
      const partition = (turn + i) % count
      if (this.#cluster.leader(topic, partition) === null) continue
      if (avoids?.(partition) !== true) return partition
      second ??= partition
    }
    return second ?? turn % count
  }

  publish(record: Outgoing): Promise<Acknowledged> {
    const { topic, partition, signal } = record
    if (signal.aborted) return Promise.reject(notHandedOver(signal.reason))
    if (!this.#cluster.knows(topic)) return this.#learn(record)
    const node = this.#cluster.leader(topic, partition)
    if (node === null || this.#cluster.link(node, 'produce') === null) return Promise.reject(this.#nobody(record, node))
    const size = recordSize(record)
    const limit = this.#limits.get(topic) ?? 1_048_588
    if (size + batchOverhead > limit)
      return Promise.reject(
        new Problem('too-large', `The record has ${size} bytes, the topic takes ${limit - batchOverhead}.`),
      )
    const { buffer } = this.#options
    if (this.#records >= buffer.records || this.#bytes + size > buffer.bytes)
      return Promise.reject(
        new Problem('buffer-full', `${this.#records} records of ${this.#bytes} bytes wait to be published.`, {
          retryAfterMs: 1_000,
        }),
      )
    let leader = this.#leaders.get(node)
    if (leader === undefined)
      this.#leaders.set(
        node,
        (leader = new Leader(node, this.#cluster, this.#limits, this.#options.requestMs, topic => this.#turn(topic))),
      )
    this.#records++
    this.#bytes += size
    const queue = leader
    return new Promise((resolve, reject) => queue.add(new Pending(record, size, this.#settled, resolve, reject)))
  }

  /** A topic that nobody named at the start, such as the one that a command wants its reply in. */
  async #learn(record: Outgoing): Promise<Acknowledged> {
    await this.#cluster.learn(record.topic, record.signal)
    if (!this.#cluster.knows(record.topic)) throw this.#nobody(record, null)
    return await this.publish(record)
  }

  #nobody({ topic, partition }: Outgoing, leader: number | null): Problem {
    try {
      const count = this.#cluster.partitions(topic) // missing, forbidden or unknown is a clearer word
      if (partition >= count)
        return new Problem('topic-missing', `${topic} has ${count} partitions, and no ${partition}.`)
    } catch (error) {
      return Problem.from(error)
    }
    if (leader === null) this.#cluster.refresh()
    const why = this.#cluster.reason || 'the partition has no leader'
    return new Problem('broker-unavailable', `No broker takes records for ${topic} now: ${why}.`)
  }

  #turn(topic: string): void {
    this.#turns.set(topic, ((this.#turns.get(topic) ?? 0) + 1) % 1_048_576)
  }
}

type Batch = Readonly<{ acks: Acks; topics: Map<string, Map<number, Pending[]>>; records: number; bytes: number }>

/** The queue in front of one leader. */
class Leader {
  readonly #node: number
  readonly #cluster: Cluster
  readonly #limits: ReadonlyMap<string, number>
  readonly #requestMs: number
  readonly #turn: (topic: string) => void
  readonly #waiting = new Linked()
  #busy = false

  constructor(
    node: number,
    cluster: Cluster,
    limits: ReadonlyMap<string, number>,
    requestMs: number,
    turn: (topic: string) => void,
  ) {
    this.#node = node
    this.#cluster = cluster
    this.#limits = limits
    this.#requestMs = requestMs
    this.#turn = turn
  }

  add(pending: Pending): void {
    pending.join(this.#waiting)
    if (this.#busy) return
    this.#busy = true
    atEndOfTurn(() => void this.#work()) // whatever this turn of the event loop still brings goes along
  }

  async #work(): Promise<void> {
    while (!this.#waiting.alone) await this.#send(this.#take())
    this.#busy = false
  }

  /** The oldest records, as many as one request may have; all with the acks of the first. */
  #take(): Batch {
    const topics: Batch['topics'] = new Map()
    const sizes = new Map<Pending[], number>()
    let acks: Acks | null = null
    let records = 0
    let bytes = 0
    let next = this.#waiting.next
    while (next !== this.#waiting) {
      const pending = next as Pending
      const { record, size } = pending
      next = pending.next
      if (records >= mostRecords || (records > 0 && bytes + size > mostBytes)) break
      acks ??= record.acks
      if (record.acks !== acks) continue
      let partitions = topics.get(record.topic)
      if (partitions === undefined) topics.set(record.topic, (partitions = new Map()))
      let batch = partitions.get(record.partition)
      if (batch === undefined) partitions.set(record.partition, (batch = []))
      const sum = (sizes.get(batch) ?? batchOverhead) + size
      if (batch.length > 0 && sum > (this.#limits.get(record.topic) ?? 1_048_588)) continue
      sizes.set(batch, sum)
      batch.push(pending)
      records++
      bytes += size
      pending.part()
      pending.stage = 'handed-over'
    }
    return { acks: acks ?? 'all', topics, records, bytes }
  }

  async #send(batch: Batch): Promise<void> {
    const begun = now()
    let failed = 0
    try {
      const link = this.#cluster.link(this.#node, 'produce')
      if (link === null) throw new LinkLost(this.#cluster.reason, false)
      const answers = await link.send(
        produceRequest(request(batch, Math.ceil(this.#requestMs * brokerShare))),
        this.#requestMs,
      )
      if (batch.acks === 'none') for (const pending of all(batch)) pending.succeed(pending.record.partition, -1n)
      else failed = this.#settle(batch, answers)
    } catch (error) {
      failed = batch.records
      const written = !(error instanceof LinkLost) || error.written
      for (const pending of all(batch))
        pending.fail(
          written
            ? unconfirmed(
                `The connection was lost before the broker confirmed the record: ${(error as Error).message}.`,
                error,
              )
            : notHandedOver(error),
        )
    }
    for (const topic of batch.topics.keys()) this.#turn(topic)
    if (events.produced.hasSubscribers)
      events.produced.publish({ records: batch.records, bytes: batch.bytes, ms: since(begun), failed })
  }

  /** Each record gets what its own partition's answer says; no answer is no acknowledgement. */
  #settle(batch: Batch, answers: readonly Produced[]): number {
    let failed = 0
    for (const [topic, partitions] of batch.topics)
      for (const [partition, records] of partitions) {
        const answer = answers.find(one => one.topic === topic && one.partition === partition)
        if (answer !== undefined && meansStale(answer.code)) this.#cluster.refresh()
        for (const [i, pending] of records.entries()) {
          if (answer?.code === codes.none) pending.succeed(partition, answer.baseOffset + BigInt(i))
          else {
            failed++
            pending.fail(
              answer === undefined
                ? unconfirmed('The broker answered nothing for the partition.')
                : refusedBy(answer.code, topic),
            )
          }
        }
      }
    return failed
  }
}

function request({ acks, topics }: Batch, timeoutMs: number): Produce {
  const records = new Map<string, Map<number, Outgoing[]>>()
  for (const [topic, partitions] of topics) {
    const byPartition = new Map<number, Outgoing[]>()
    for (const [partition, pendings] of partitions)
      byPartition.set(
        partition,
        pendings.map(pending => pending.record),
      )
    records.set(topic, byPartition)
  }
  return { acks, timeoutMs, timestamp: wallClock(), topics: records }
}

function* all({ topics }: Batch): Iterable<Pending> {
  for (const partitions of topics.values()) for (const records of partitions.values()) yield* records
}
