import { later, now, pause, since, until, wallClock } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Linked } from '../../ring.ts'
import { atEndOfTurn } from '../../turn.ts'
import type { Acks } from '../broker.ts'
import { meansStale } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import type { Identity } from './identity.ts'
import { mostRecords } from './lane.ts'
import type { Batch, Lane } from './lane.ts'
import { LinkLost } from './link.ts'
import type { Link } from './link.ts'
import { codeName, codes, produceRequest } from './protocol.ts'
import type { Produced, ProducedBatch } from './protocol.ts'
import { batchOverhead } from './records.ts'
import { fateOf, refusedBy, unconfirmed } from './verdict.ts'
import type { Fate } from './verdict.ts'

const mostBytes = 8 * 1_048_576
/** The broker gives up first, and says so: were our limit the first, it would cost the connection and all that waits on it. */
const brokerShare = 0.8

/** What the queue in front of a leader needs of the producer. */
export type Producing = Readonly<{
  cluster: Cluster
  identity: Identity
  requestMs: number
  batchBytes: (topic: string) => number
  /** A batch of so many bytes was too large for the topic. */
  tooLarge: (topic: string, bytes: number) => void
  /** A batch of the topic was sent: keyless records go on to another partition. */
  turn: (topic: string) => void
  /** Nothing of the lane is on its way any more. Where `soon` is false, the same at once would fail again. */
  free: (lane: Lane, soon: boolean) => void
}>

/** The lanes of the partitions that one node leads: one produce request is in flight, and what gathers meanwhile is the next. */
export class Leader {
  readonly #node: number
  readonly #of: Producing
  readonly #ready = new Linked()
  #busy = false
  #mutedUntil: Instant | null = null

  constructor(node: number, of: Producing) {
    this.#node = node
    this.#of = of
  }

  /** For how long the broker holds our connection back; 0 when it does not. */
  get mutedMs(): number {
    return this.#mutedUntil === null ? 0 : Math.max(0, until(this.#mutedUntil))
  }

  /** A lane that has something to send. */
  add(lane: Lane): void {
    lane.leader = this
    lane.join(this.#ready)
    this.wake()
  }

  wake(): void {
    if (this.#busy || this.#ready.alone) return
    this.#busy = true
    atEndOfTurn(() => void this.#work()) // whatever this turn of the event loop still brings goes along
  }

  /** Lanes that wait here, at this moment: who is routed anew may come back to the end of the ring. */
  get lanes(): readonly Lane[] {
    const lanes: Lane[] = []
    for (let next = this.#ready.next; next !== this.#ready; next = next.next) lanes.push(next as Lane)
    return lanes
  }

  async #work(): Promise<void> {
    const { cluster } = this.#of
    while (!this.#ready.alone) {
      const link = cluster.link(this.#node, 'produce')
      if (link === null) {
        for (const lane of this.lanes) this.#of.free(lane, true) // somebody else may lead
        break
      }
      const { mutedMs } = link
      this.#mutedUntil = mutedMs > 0 ? later(mutedMs) : null
      if (mutedMs > 0) {
        await pause(mutedMs, cluster.ended)
        if (cluster.ended.aborted) break
        continue
      }
      const batches = this.#take()
      if (batches.length === 0) break
      await this.#send(link, batches)
    }
    this.#busy = false
  }

  /** Of each lane a batch, as many as one request may have; all with the acks of the first. */
  #take(): readonly Batch[] {
    const batches: Batch[] = []
    let acks: Acks | null = null
    let records = mostRecords
    let bytes = 0
    for (const lane of this.lanes) {
      if (records <= 0 || bytes >= mostBytes) break
      if (lane.empty) lane.part() // all have left
      const batchBytes = this.#of.batchBytes(lane.topic)
      // a record larger than all that a request should have goes alone
      const batch = lane.take(
        {
          records,
          bytes: bytes === 0 ? Infinity : mostBytes - bytes,
          acks,
          batchBytes: Math.min(batchBytes, mostBytes),
        },
        this.#of.identity,
      )
      if (batch === null) continue
      lane.part()
      lane.inFlight = true
      acks = batch.acks
      records -= batch.records.length
      bytes += batch.bytes
      batches.push(batch)
    }
    return batches
  }

  async #send(link: Link, batches: readonly Batch[]): Promise<void> {
    const begun = now()
    const { requestMs, turn } = this.#of
    const acks = batches[0]?.acks ?? 'all'
    const timeoutMs = Math.ceil(requestMs * brokerShare)
    let failed = 0
    try {
      const topics = byTopic(batches)
      const answers = await link.send(produceRequest({ acks, timeoutMs, timestamp: wallClock(), topics }), requestMs)
      if (link.mutedMs > 0) this.#mutedUntil = later(link.mutedMs)
      for (const batch of batches) failed += acks === 'none' ? this.#written(batch, -1n) : this.#settle(batch, answers)
    } catch (error) {
      for (const batch of batches) failed += this.#lost(batch, error)
    }
    for (const topic of new Set(batches.map(({ lane }) => lane.topic))) turn(topic)
    if (!events.produced.hasSubscribers) return
    const sum = (of: (batch: Batch) => number): number => batches.reduce((all, batch) => all + of(batch), 0)
    const records = sum(batch => batch.records.length)
    events.produced.publish({ records, bytes: sum(({ bytes }) => bytes - batchOverhead), ms: since(begun), failed })
  }

  /** Each record gets what its own partition's answer says; no answer is no acknowledgement. Returns how many have failed. */
  #settle(batch: Batch, answers: readonly Produced[]): number {
    const { lane } = batch
    const answer = answers.find(({ topic, partition }) => topic === lane.topic && partition === lane.partition)
    const code = answer?.code
    if (code !== undefined && meansStale(code)) this.#of.cluster.stale(code)
    const fate = fateOf(code, batch)
    if (fate === 'written') return this.#written(batch, answer?.baseOffset ?? -1n)
    if (fate === 'refused') return this.#refused(batch, code)
    if (fate === 'unknown') lane.keep(batch)
    else this.#again(batch, fate, code)
    return this.#free(lane, fate === 'too-many' || fate === 'unnumbered')
  }

  /** It is certainly not in the log, and goes otherwise than before. */
  #again(batch: Batch, fate: Fate, code: number | undefined): void {
    const { lane } = batch
    const { identity, tooLarge } = this.#of
    if (fate === 'unnumbered') identity.refuse(codeName(codes.clusterAuthorizationFailed))
    if (fate === 'unnumbered' || code === codes.unknownProducerId || code === codes.invalidProducerEpoch)
      lane.rename(identity)
    else if (fate === 'out-of-order') lane.renumber(identity)
    else if (fate === 'too-many' && code === codes.invalidRecord) lane.halve(batch)
    else if (fate === 'too-many') tooLarge(lane.topic, batch.bytes)
    lane.giveBack(batch)
  }

  #refused(batch: Batch, code: number | undefined): number {
    const { lane, records, doubtful } = batch
    if (doubtful) lane.renumber(this.#of.identity)
    const problem =
      code === undefined ? unconfirmed('The broker answered nothing for the partition.') : refusedBy(code, lane.topic)
    for (const pending of records) pending.fail(doubtful ? unconfirmed(problem.message) : problem)
    this.#free(lane, true)
    return records.length
  }

  #written(batch: Batch, baseOffset: bigint): number {
    const { lane, records } = batch
    lane.written(batch)
    for (const [i, pending] of records.entries())
      pending.succeed(lane.partition, baseOffset < 0n ? -1n : baseOffset + BigInt(i))
    return this.#free(lane, true)
  }

  /** The connection is gone. Returns how many have failed. */
  #lost(batch: Batch, error: unknown): number {
    const { lane, number, records } = batch
    const written = !(error instanceof LinkLost) || error.written
    if (!written && !batch.doubtful) lane.giveBack(batch)
    else if (number !== null) lane.keep(batch)
    else {
      const why = `The connection was lost before the broker confirmed the record: ${(error as Error).message}.`
      for (const pending of records) pending.fail(unconfirmed(why, error))
      this.#free(lane, true)
      return records.length
    }
    return this.#free(lane, false)
  }

  #free(lane: Lane, soon: boolean): 0 {
    lane.inFlight = false
    this.#of.free(lane, soon)
    return 0
  }
}

function byTopic(batches: readonly Batch[]): Map<string, Map<number, ProducedBatch>> {
  const topics = new Map<string, Map<number, ProducedBatch>>()
  for (const { lane, records, number } of batches) {
    let partitions = topics.get(lane.topic)
    if (partitions === undefined) topics.set(lane.topic, (partitions = new Map()))
    partitions.set(lane.partition, { records: records.map(({ record }) => record), number })
  }
  return topics
}
