import { after, now, since } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Acknowledged, Avoids, Outgoing } from '../broker.ts'
import type { Cluster } from './cluster.ts'
import { Identity } from './identity.ts'
import { Lane } from './lane.ts'
import { Leader } from './leader.ts'
import type { Producing } from './leader.ts'
import { Pending } from './pending.ts'
import { recordSize } from './records.ts'
import { heldBack, notHandedOver, unconfirmed } from './verdict.ts'

export type ProducerOptions = Readonly<{ requestMs: number; buffer: Readonly<{ records: number; bytes: number }> }>

/**
 * A partition that nobody takes records for is about to be taken over by somebody: as long as that is likely, they wait. A leader
 * that is stopped as planned hands over within a second, on a busy machine within two.
 */
const takeoverMs = 2_000
const againMs = 50
/** Held back longer by the brokers, a record is refused at once. */
const mostHeldMs = 500
const defaultBatchBytes = 1_048_588

/**
 * Publishes in micro-batches as an idempotent producer (KIP-98): one produce request in flight for each leader, and what has
 * gathered meanwhile is the next. It adds nothing to the latency, as a request sent at once would wait in the broker behind
 * the one before it. What became of a batch that was not confirmed is found out by sending it again, while anybody waits.
 */
export class Producer {
  readonly #cluster: Cluster
  readonly #options: ProducerOptions
  readonly #producing: Producing
  readonly #leaders = new Map<number, Leader>()
  readonly #lanes = new Map<string, Map<number, Lane>>()
  readonly #stranded = new Set<Lane>() // that go on once somebody leads them, or a moment has passed
  readonly #batchBytes = new Map<string, number>()
  readonly #turns = new Map<string, number>()
  #waking = false
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
    const identity = new Identity(cluster, () => {
      for (const leader of this.#leaders.values()) leader.wake()
    })
    this.#producing = {
      cluster,
      identity,
      requestMs: options.requestMs,
      batchBytes: topic => this.#batchBytes.get(topic) ?? defaultBatchBytes,
      tooLarge: (topic, bytes) => void this.#batchBytes.set(topic, Math.floor(bytes / 2)),
      turn: topic => void this.#turns.set(topic, ((this.#turns.get(topic) ?? 0) + 1) % 1_048_576),
      free: (lane, soon) => (soon ? this.#route(lane) : this.#strand(lane)),
    }
    cluster.watch(() => {
      identity.ask()
      for (const leader of this.#leaders.values()) for (const lane of leader.lanes) this.#route(lane)
      this.#routeStranded()
    })
  }

  /** Records that wait to be handed over. */
  get waiting(): number {
    return this.#records
  }

  /** How large a batch the topic takes. A record that is larger by itself goes alone: the broker has the last word. */
  limit(topic: string, maxMessageBytes: number): void {
    this.#batchBytes.set(topic, maxMessageBytes)
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
    const lane = this.#lanes.get(topic)?.get(partition) ?? this.#open(topic, partition)
    if (lane instanceof Problem) return Promise.reject(lane)
    const idle = lane.empty && !lane.inFlight
    if (idle) lane.leader = this.#leaderOf(lane)
    const refused = this.#refuses(lane, record)
    if (refused !== null) return Promise.reject(refused)
    const size = recordSize(record)
    const { buffer } = this.#options
    if (this.#records >= buffer.records || this.#bytes + size > buffer.bytes)
      return Promise.reject(
        new Problem('buffer-full', `${this.#records} records of ${this.#bytes} bytes wait to be published.`, {
          retryAfterMs: 1_000,
        }),
      )
    this.#records++
    this.#bytes += size
    return new Promise((resolve, reject) => {
      new Pending({ record, size, lane }, this.#settled, resolve, reject).join(lane.waiting)
      if (idle) this.#route(lane)
    })
  }

  /** A topic that nobody named at the start, such as the one that a command wants its reply in. */
  async #learn(record: Outgoing): Promise<Acknowledged> {
    await this.#cluster.learn(record.topic, record.signal)
    if (!this.#cluster.knows(record.topic)) throw this.#nobody(record)
    return await this.publish(record)
  }

  #open(topic: string, partition: number): Lane | Problem {
    const problem = this.#unknown({ topic, partition })
    if (problem !== null) return problem
    let lanes = this.#lanes.get(topic)
    if (lanes === undefined) this.#lanes.set(topic, (lanes = new Map()))
    const lane = new Lane(topic, partition, () => this.#cluster.movedSince(now()))
    lanes.set(partition, lane)
    return lane
  }

  #refuses(lane: Lane, { topic, partition }: Outgoing): Problem | null {
    if (lane.leader === null) return this.#mayComeBack(lane) ? this.#unknown(lane) : this.#nobody({ topic, partition })
    const mutedMs = lane.mutedMs
    return mutedMs > mostHeldMs ? heldBack(mutedMs) : null
  }

  /** Missing, forbidden or unknown is a clearer word than that nobody leads it. */
  #unknown({ topic, partition }: Pick<Outgoing, 'topic' | 'partition'>): Problem | null {
    try {
      const count = this.#cluster.partitions(topic)
      return partition < count
        ? null
        : new Problem('topic-missing', `${topic} has ${count} partitions, and no ${partition}.`)
    } catch (error) {
      return Problem.from(error)
    }
  }

  #nobody(place: Pick<Outgoing, 'topic' | 'partition'>): Problem {
    const unknown = this.#unknown(place)
    if (unknown !== null) return unknown
    const { topic, partition } = place
    if (this.#cluster.leader(topic, partition) === null) this.#cluster.refresh()
    const why = this.#cluster.reason || 'the partition has no leader'
    return new Problem('broker-unavailable', `No broker takes records for ${topic} now: ${why}.`)
  }

  #leaderOf({ topic, partition }: Lane): Leader | null {
    const node = this.#cluster.leader(topic, partition)
    if (node === null || this.#cluster.link(node, 'produce') === null) return null
    let leader = this.#leaders.get(node)
    if (leader === undefined) this.#leaders.set(node, (leader = new Leader(node, this.#producing)))
    return leader
  }

  #mayComeBack({ lostAt }: Lane): boolean {
    const { state, ended } = this.#cluster
    return state === 'ready' && !ended.aborted && (lostAt === null || since(lostAt) < takeoverMs)
  }

  /** Puts the lane before the leader of its partition. */
  #route(lane: Lane): void {
    if (lane.inFlight) return
    lane.part()
    this.#stranded.delete(lane)
    this.#giveUp(lane)
    if (lane.empty) return
    const leader = this.#leaderOf(lane)
    if (leader !== null) {
      lane.lostAt = null
      leader.add(lane)
      return
    }
    lane.leader = null
    lane.lostAt ??= now()
    if (!this.#mayComeBack(lane)) for (const pending of lane.pendings()) pending.fail(this.#nobody(lane))
    this.#cluster.refresh()
    this.#strand(lane)
  }

  #strand(lane: Lane): void {
    if (lane.empty) return
    this.#stranded.add(lane)
    if (this.#waking) return
    this.#waking = true
    after(againMs, () => {
      this.#waking = false
      this.#routeStranded()
    })
  }

  #routeStranded(): void {
    const lanes = [...this.#stranded]
    this.#stranded.clear()
    for (const lane of lanes) this.#route(lane)
  }

  /** Nobody waits any more for what is not known. */
  #giveUp(lane: Lane): void {
    const { unsure } = lane
    if (unsure === null) return
    const ended = this.#cluster.ended.aborted
    if (ended) for (const pending of unsure.records) pending.fail(unconfirmed('The connection was closed.'))
    if (unsure.records.every(({ stage }) => stage === 'settled')) lane.renumber(this.#producing.identity)
  }
}
