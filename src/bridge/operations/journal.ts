import { Aborter } from '../../aborter.ts'
import type { Service } from '../../call.ts'
import type { Acknowledged, Broker, Handler, Incoming, Outgoing, Reading } from '../broker.ts'
import { Problem } from '../../problem.ts'
import { partitionOf } from '../partition.ts'
import { write } from './event.ts'
import type { Event } from './event.ts'

export type JournalParts = Readonly<{
  broker: Pick<Broker, 'subscribe' | 'admin'>
  publish: Service<Outgoing, Acknowledged>
  topic: string
  apply: Handler // gets each record of the log once, those of one partition in order
}>

type Waiting = Readonly<{ offset: number; resolve: () => void; reject: (reason: unknown) => void }>

/** How far the log has been read at the start. */
export type Rebuild = Readonly<{ done: boolean; read: number; total: number }>

/** The log of operations: appended to by all instances, and read by each from its beginning. */
export class Journal implements AsyncDisposable {
  readonly #parts: JournalParts
  readonly #next: number[] = [] // by partition: everything below is applied
  readonly #waiting: Waiting[][] = [] // by partition, the lowest offset first
  #closed: Problem | null = null
  #reading: Reading | null = null
  #rebuild: Rebuild = { done: false, read: 0, total: 0 }

  constructor(parts: JournalParts) {
    this.#parts = parts
  }

  get healthy(): boolean {
    return this.#reading?.healthy === true
  }

  get rebuild(): Rebuild {
    return this.#rebuild.done ? this.#rebuild : { ...this.#rebuild, read: this.#next.reduce((sum, n) => sum + n, 0) }
  }

  /**
   * Resolves once everything that was in the log is applied. Where each partition ends is found out by writing to it: of a
   * compacted one the last records may be gone. May be called again when it throws what publishing throws.
   */
  async open(partitions: number): Promise<void> {
    while (this.#next.length < partitions) {
      this.#next.push(0)
      this.#waiting.push([])
    }
    const { broker, topic } = this.#parts
    const ends = await broker.admin.ends(topic)
    this.#rebuild = { done: false, read: 0, total: ends.reduce((sum, end) => sum + Number(end), 0) }
    const source = { topic, partitions: 'all', from: 'earliest' } as const
    this.#reading ??= await broker.subscribe(source, record => this.#take(record))
    if (this.#closed !== null) return await this.#reading[Symbol.asyncDispose]()
    const marks = await Promise.all(this.#next.map((_, partition) => this.#publish(partition, 'mark', null, [])))
    const total = marks.reduce((sum, { offset }) => sum + Number(offset) + 1, 0)
    await Promise.all(marks.map(({ partition, offset }) => this.applied(partition, Number(offset))))
    this.#rebuild = { done: true, read: total, total }
  }

  /** The partition for everything about this text: an operation, or a key that is claimed. */
  partitionOf(text: string): number {
    return partitionOf(Buffer.from(text), this.#next.length)
  }

  /** Resolves with the offset once acknowledged. Throws what publishing throws. */
  async append(partition: number, id: string, event: Event): Promise<number> {
    const { key, value, headers } = write(id, event)
    const { offset } = await this.#publish(partition, key, value, headers)
    return Number(offset)
  }

  /** Writes tombstones. */
  async forget(partition: number, keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map(key => this.#publish(partition, key, null, [])))
  }

  /** Resolves once everything up to this offset is applied; rejects when it is closed before. */
  applied(partition: number, offset: number): Promise<void> {
    if ((this.#next[partition] ?? 0) > offset) return Promise.resolve()
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const line = this.#waiting[partition] ?? []
    line.splice(line.findLastIndex(one => one.offset <= offset) + 1, 0, { offset, resolve, reject }) // nearly always at the end
    return promise
  }

  #take(record: Incoming): void {
    const { partition } = record
    const offset = Number(record.offset)
    this.#parts.apply(record)
    this.#next[partition] = offset + 1
    const line = this.#waiting[partition] ?? []
    for (let [first] = line; first !== undefined && first.offset <= offset; [first] = line) {
      line.shift()
      first.resolve()
    }
  }

  #publish(
    partition: number,
    key: string,
    value: Uint8Array | null,
    headers: Outgoing['headers'],
  ): Promise<Acknowledged> {
    const { publish, topic } = this.#parts
    return publish({
      topic,
      partition,
      key: Buffer.from(key),
      value,
      headers,
      acks: 'all',
      signal: new Aborter(), // one of its own: thousands of listeners to one would cost more than the rest
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = new Problem('draining', 'The gateway stops.')
    for (const one of this.#waiting.flat()) one.reject(this.#closed)
    await this.#reading?.[Symbol.asyncDispose]()
  }
}
