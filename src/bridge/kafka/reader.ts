import { setImmediate as othersTurn } from 'node:timers/promises'
import { now, pause, since, wallClock } from '../../clock.ts'
import type { EpochMs, Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { ReaderEvent } from '../../events.ts'
import type { From, Handler, Incoming, PacingHandler, Reading, Source } from '../broker.ts'
import type { Cluster } from './cluster.ts'
import { fetchRequest } from './fetch.ts'
import type { Fetched } from './fetch.ts'
import { Holdback } from './holdback.ts'
import { codeName, codes, offsetsRequest } from './protocol.ts'
import { readBatches } from './records.ts'

/**
 * How long the broker may hold an empty answer: it answers at once when there is something. That a transaction holds records
 * back is seen by empty answers alone, and must be known before calls run out of patience.
 */
const maxWaitMs = 500
const graceMs = 2_000
const maxBytes = 4 * 1_048_576
const againMs = 100
const lookMs = 20
/** Records are handled for so long at a time, else whoever catches up with a long log keeps the whole process waiting. */
const sliceMs = 10
const looksAfter = 32 // records
const mutedMs = 200 // held back longer by our own quota, we are to blame for a silence, and no worker

let count = 0

/**
 * Reads partitions alone, without a group: each instance has its own, so there is nothing to negotiate, no rebalance and
 * nothing that a kill -9 leaves behind. Positions are ours: they begin where the log ended when we subscribed, and go on
 * at the last handled offset + 1 through lost connections and moved leaders. They are positions of one topic, known by its
 * id: one that was made anew under the same name is read from its beginning, as are partitions that have been added.
 */
export class Reader implements Reading {
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #from: From
  readonly #lostTo: 'end' | 'earliest'
  readonly #moved: Source['moved']
  readonly #handler: Handler | PacingHandler
  readonly #purpose = `read-${++count}`
  readonly #positions = new Map<number, bigint>()
  readonly #loops = new Map<number, Promise<void>>()
  readonly #lost = new Set<number>() // nodes that we cannot read from at present
  readonly #holdback: Holdback
  readonly #ended = new AbortController()
  readonly #held: Disposable[] = []
  #slice = now() // since when we have handled records without a pause
  #saidAtOpening = ''
  #wanted: Source['partitions'] = []
  #id: string | null = null // of the topic that the positions are in
  #remadeAt: EpochMs | null = null

  constructor(cluster: Cluster, { topic, from, lost = 'end', moved }: Source, handler: Handler | PacingHandler) {
    this.#cluster = cluster
    this.#topic = topic
    this.#from = from
    this.#lostTo = lost
    this.#moved = moved
    this.#handler = handler
    this.#holdback = new Holdback((kind, partition, reason) => this.#tell(kind, [partition], reason, null))
  }

  get healthy(): boolean {
    if (this.#lost.size > 0 || this.#positions.size === 0 || this.absent) return false
    for (const partition of this.#positions.keys()) {
      const leader = this.#cluster.leader(this.#topic, partition)
      const link = leader === null ? null : this.#cluster.link(leader, this.#purpose)
      if (link === null || link.mutedMs > mutedMs) return false
    }
    return true
  }

  get absent(): boolean {
    const size = this.#cluster.size(this.#topic)
    if (size === null) return false
    return size === 0 || (this.#wanted !== 'all' && this.#wanted.some(partition => partition >= size))
  }

  get heldBackMs(): number {
    return this.#holdback.forMs
  }

  get remadeAt(): EpochMs | null {
    return this.#remadeAt
  }

  /** Resolves once every position is known. Waits for the cluster as long as it takes, or until closed. */
  async open(partitions: Source['partitions']): Promise<this> {
    this.#wanted = partitions
    this.#held.push(
      this.#cluster.purpose(this.#purpose, () => this.#nodes()),
      this.#cluster.watch(() => this.#assign()),
    )
    while (!this.#ended.signal.aborted) {
      try {
        const wanted = partitions === 'all' ? [...Array(this.#cluster.partitions(this.#topic)).keys()] : partitions
        this.#id ??= this.#cluster.id(this.#topic)
        await this.#position(wanted.filter(partition => !this.#positions.has(partition)))
        this.#cluster.refresh() // connects for this purpose
        this.#assign()
        await this.#connected()
        return this
      } catch (error) {
        const said = message(error)
        if (said !== this.#saidAtOpening) this.#tell('failed', wanted(partitions), said, null)
        this.#saidAtOpening = said
        await pause(againMs, this.#ended.signal)
      }
    }
    return this
  }

  async #connected(): Promise<void> {
    while (!this.healthy && !this.#ended.signal.aborted) await pause(lookMs, this.#ended.signal)
  }

  /** Asks each leader where its partitions end. Whatever is acknowledged from now on is at that offset or above. */
  async #position(partitions: readonly number[], at = this.#from): Promise<void> {
    const byLeader = Map.groupBy(partitions, partition => this.#cluster.leader(this.#topic, partition))
    for (const [node, some] of byLeader) {
      const link = node === null ? null : this.#cluster.link(node, 'produce')
      if (link === null) throw new Error(`no connection to the leader of ${this.#topic}/${some[0]}`)
      for (const { partition, code, offset } of await link.send(
        offsetsRequest(this.#topic, some, at === 'earliest' ? at : 'end'),
        graceMs,
      )) {
        if (code !== codes.none) {
          this.#cluster.refresh()
          throw new Error(`${this.#topic}/${partition}: ${codeName(code)}`)
        }
        this.#positions.set(partition, placeOf(at, partition, offset))
      }
    }
  }

  *#nodes(): Iterable<number> {
    for (const partition of this.#positions.keys()) {
      const leader = this.#cluster.leader(this.#topic, partition)
      if (leader !== null) yield leader
    }
  }

  /** Goes along with what has become of the topic: it was made anew, or has more partitions. */
  #follow(): void {
    const [id, size] = [this.#cluster.id(this.#topic), this.#cluster.size(this.#topic) ?? 0]
    if (this.#positions.size === 0 || size === 0) return // not positioned yet, or the topic is not there
    const all = [...Array(size).keys()]
    const wanted = this.#wanted === 'all' ? all : this.#wanted.filter(partition => partition < size)
    if (id !== null && this.#id !== null && id !== this.#id) {
      this.#positions.clear()
      this.#holdback.clear()
      this.#remadeAt = wallClock()
      this.#tell('remade', wanted, 'another topic has the name now: it is read from its beginning', 0n)
    }
    this.#id = id ?? this.#id
    const added = wanted.filter(partition => !this.#positions.has(partition))
    for (const partition of added) {
      this.#positions.set(partition, 0n) // where it begins later, the fetch says so
      if (this.#remadeAt !== null) this.#moved?.(partition, 0n)
    }
    if (added.length > 0) this.#cluster.refresh() // connects to who leads them
  }

  /** One loop for each node that leads some of the partitions. */
  #assign(): void {
    this.#follow()
    for (const node of this.#nodes())
      if (!this.#loops.has(node) && !this.#ended.signal.aborted)
        this.#loops.set(
          node,
          this.#loop(node).finally(() => {
            this.#loops.delete(node)
            this.#lost.delete(node)
            this.#assign() // leadership may have come back while the loop was ending
          }),
        )
  }

  async #loop(node: number): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      const positions = new Map(
        [...this.#positions].filter(([partition]) => this.#cluster.leader(this.#topic, partition) === node),
      )
      if (positions.size === 0) return
      const link = this.#cluster.link(node, this.#purpose)
      if (link === null) {
        await pause(lookMs, signal) // the cluster is at it; `healthy` says no meanwhile
        continue
      }
      try {
        const waitMs = this.#lost.has(node) ? lookMs : maxWaitMs // to know soon whether it works again
        const [id, begun] = [this.#id, now()]
        const request = fetchRequest({ topic: this.#topic, id, positions, maxWaitMs: waitMs, maxBytes }, link.knows)
        const answer = await link.send(request, waitMs + graceMs)
        this.#slice = now()
        for (const fetched of answer) if (id === this.#id) await this.#take(node, fetched, positions, begun) // else it is of the topic that was
        if (this.#lost.delete(node))
          this.#tell('recovered', [...positions.keys()], `reading from node ${node} again`, null)
      } catch (error) {
        if (signal.aborted) return
        if (!this.#lost.has(node)) this.#tell('failed', [...positions.keys()], message(error), null)
        this.#lost.add(node)
        // a lost connection is waited for above: calls are refused until it is replaced
        if (this.#cluster.link(node, this.#purpose) !== null) await pause(againMs, signal)
      }
    }
  }

  async #take(node: number, fetched: Fetched, asked: ReadonlyMap<number, bigint>, begun: Instant): Promise<void> {
    const { partition, code, aborted, batches } = fetched
    const from = asked.get(partition)
    if (from === undefined || this.#ended.signal.aborted) return
    if (this.#positions.get(partition) !== from) return // the reader of another leader went on meanwhile
    if (code === codes.offsetOutOfRange) {
      // what lies between is gone; or the log was made anew where topics have no ids, which fresh metadata may tell
      this.#cluster.refresh()
      await this.#position([partition], this.#lostTo)
      const to = this.#positions.get(partition) ?? 0n
      this.#tell('repositioned', [partition], `offset ${from} is not in the log`, to)
      this.#moved?.(partition, to)
    } else if (code !== codes.none) {
      this.#cluster.stale(code)
      throw new Error(`${this.#topic}/${partition}: ${codeName(code)}`)
    } else if (batches === null) {
      this.#holdback.look(fetched, from, begun)
    } else {
      this.#holdback.release(partition)
      const held = new Set<Promise<void>>()
      const onSkipped = (reason: string, offset: bigint): void => this.#tell('skipped', [partition], reason, offset)
      const unfolding = readBatches(batches, { topic: this.#topic, partition, from, aborted, onSkipped })
      reading: for (const { records, next } of unfolding) {
        for (const [i, record] of records.entries()) {
          const isLong = i % looksAfter === 0 && since(this.#slice) > sliceMs
          if (isLong && !(await this.#goesOn(node, partition, record.offset))) break reading
          const running = this.#handle(record)
          if (running instanceof Promise) held.add(running)
        }
        this.#positions.set(partition, next)
      }
      if (held.size > 0) await Promise.allSettled(held)
    }
  }

  /** Lets everything else of the process have its turn. False when somebody else reads the partition now, from there on. */
  async #goesOn(node: number, partition: number, offset: bigint): Promise<boolean> {
    this.#positions.set(partition, offset)
    await othersTurn()
    this.#slice = now()
    if (this.#ended.signal.aborted || this.#cluster.leader(this.#topic, partition) !== node) return false
    return this.#positions.get(partition) === offset
  }

  #handle(record: Incoming): void | Promise<void> {
    try {
      return this.#handler(record)
    } catch (cause) {
      events.warning.publish({ what: `A record of ${record.topic} could not be handled.`, cause }) // one bad record must not stop the others
    }
  }

  #tell(kind: ReaderEvent, partitions: readonly number[], reason: string, offset: bigint | null): void {
    if (events.reader.hasSubscribers)
      events.reader.publish({ topic: this.#topic, partition: partitions[0] ?? -1, kind, reason, offset })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    for (const held of this.#held) held[Symbol.dispose]()
    await Promise.all(this.#loops.values())
  }
}

/** What was asked for, but never beyond the end: what will be written there is not what was meant. */
function placeOf(from: From, partition: number, offset: bigint): bigint {
  if (typeof from !== 'object') return offset
  const asked = 'offset' in from ? from.offset : (from.offsets[partition] ?? 0n)
  return asked < offset ? asked : offset
}

const wanted = (partitions: Source['partitions']): readonly number[] => (partitions === 'all' ? [] : partitions)
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))
