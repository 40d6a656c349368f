import { later, now, pause } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Incoming } from '../broker.ts'
import type { Page, Past, Place, Stretch } from '../past.ts'
import type { Cluster } from './cluster.ts'
import type { Link } from './link.ts'
import { fetchRequest } from './fetch.ts'
import { codeName, codes, offsetsRequest } from './protocol.ts'
import { readBatches } from './records.ts'

const purpose = 'past'
const graceMs = 5_000
const lookMs = 20

/** Pages of what was written before, on connections of their own: a long page holds up no reader of what is new. */
export class KafkaPast implements Past, AsyncDisposable {
  readonly #cluster: Cluster
  readonly #asked = new Map<string, number>() // one more than the highest partition, by topic
  #held: Disposable | null = null

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  id(topic: string): string | null {
    return this.#cluster.id(topic)
  }

  async offsets(topic: string, place: Place): Promise<readonly bigint[]> {
    const partitions = [...Array(this.#cluster.partitions(topic)).keys()]
    const found = await this.#offsets(topic, partitions, place)
    const beyond = partitions.filter(partition => (found.get(partition) ?? -1n) < 0n)
    if (beyond.length > 0) for (const [at, end] of await this.#offsets(topic, beyond, 'end')) found.set(at, end)
    return partitions.map(partition => found.get(partition) ?? 0n)
  }

  async page({ topic, partition, from, maxBytes }: Stretch): Promise<Page> {
    const link = await this.#link(topic, partition)
    const [id, positions] = [this.#cluster.id(topic), new Map([[partition, from]])]
    const request = fetchRequest({ topic, id, positions, maxWaitMs: 0, maxBytes }, link.knows)
    const [fetched] = await asked(link.send(request, graceMs))
    if (fetched === undefined) throw unavailable(`${topic}/${partition}: no answer`)
    const { code, first, highWatermark: end, aborted, batches } = fetched
    if (code === codes.offsetOutOfRange) {
      const [oldest, newest] = [
        await this.#offsets(topic, [partition], 'earliest'),
        await this.#offsets(topic, [partition], 'end'),
      ]
      return { records: [], next: from, first: oldest.get(partition) ?? 0n, end: newest.get(partition) ?? 0n }
    }
    this.#check(topic, partition, code)
    const records: Incoming[] = []
    let next = from
    if (batches !== null)
      for (const unfolded of readBatches(batches, { topic, partition, from, aborted, onSkipped: () => {} })) {
        for (const record of unfolded.records) records.push(record) // as arguments, too many would not fit
        next = unfolded.next
      }
    return { records, next, first, end }
  }

  async #offsets(topic: string, partitions: readonly number[], place: Place): Promise<Map<number, bigint>> {
    const found = new Map<number, bigint>()
    const byLeader = Map.groupBy(partitions, partition => this.#cluster.leader(topic, partition))
    for (const some of byLeader.values()) {
      const link = await this.#link(topic, some[0] ?? 0)
      for (const { partition, code, offset } of await asked(link.send(offsetsRequest(topic, some, place), graceMs))) {
        this.#check(topic, partition, code)
        found.set(partition, offset)
      }
    }
    return found
  }

  #check(topic: string, partition: number, code: number): void {
    if (code === codes.none) return
    this.#cluster.refresh()
    throw unavailable(`${topic}/${partition}: ${codeName(code)}`)
  }

  /** The connection to whoever leads the partition; dialled when it is first asked for. */
  async #link(topic: string, partition: number): Promise<Link> {
    if (partition >= (this.#asked.get(topic) ?? 0)) {
      this.#asked.set(topic, partition + 1)
      this.#held ??= this.#cluster.purpose(purpose, () => this.#nodes())
      this.#cluster.refresh()
    }
    const limit = later(graceMs)
    while (now() < limit) {
      const leader = this.#cluster.leader(topic, partition)
      const link = leader === null ? null : this.#cluster.link(leader, purpose)
      if (link !== null) return link
      await pause(lookMs)
    }
    throw unavailable(`no connection to the leader of ${topic}/${partition}`)
  }

  *#nodes(): Iterable<number> {
    for (const [topic, partitions] of this.#asked)
      for (let partition = 0; partition < partitions; partition++) {
        const leader = this.#cluster.leader(topic, partition)
        if (leader !== null) yield leader
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held?.[Symbol.dispose]()
  }
}

const unavailable = (detail: string, cause?: unknown): Problem =>
  new Problem('broker-unavailable', `The past cannot be read: ${detail}.`, { cause })

const asked = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw unavailable(error instanceof Error ? error.message : String(error), error)
  })
