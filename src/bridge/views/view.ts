import { isUtf8 } from 'node:buffer'
import type { Signal } from '../../aborter.ts'
import type { EpochMs } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Incoming } from '../broker.ts'
import { completed } from '../cdc/index.ts'
import type { Change } from '../cdc/index.ts'
import { jsonFrom, textOf } from '../feeds/content.ts'
import { comparable, pointed } from '../feeds/pointer.ts'
import { CatchUp } from '../feeds/catchup.ts'
import type { Progress, Taker } from '../feeds/catchup.ts'
import type { Tail } from '../feeds/tail.ts'
import { Waiters } from '../feeds/waiters.ts'
import { logOf } from '../past.ts'
import type { Past } from '../past.ts'
import type { ReadRecord } from '../schemas/index.ts'
import { MemoryRows } from './memory.ts'
import { MovingRows } from './moving.ts'
import { attributesOf } from './attributes.ts'
import type { Row, Rows } from './rows.ts'

export type ViewParts = Readonly<{
  tail: Tail
  past: Past
  indices: readonly string[]
  /** How the records are read; null: as they are. */
  read: ReadRecord | null
  /** What the records are changes of rows by; null: each is the latest of its key. */
  changes: ((record: Incoming) => Change | null) | null
  listed: boolean
  /** Whether a route shows CloudEvents. */
  cloudEvents: boolean
  memoryBytes: number
  /** Opens the file, where there is one to go to. */
  openFile: (() => Rows) | null
  /** Whether an earlier start has filled the file. */
  fileExists: boolean
}>

const peekMs = 100

/** What a compacted topic adds up to: the latest of each key. It follows the same reader as the streams of the topic do. */
export class View implements Taker, Disposable {
  readonly topic: string
  readonly changes = new Waiters<string>() // by key
  readonly advances = new Waiters<number>() // by partition
  readonly #parts: ViewParts
  readonly #catchUp: CatchUp
  #rows: Rows
  #failure: string | null = null
  #committing = false

  constructor(parts: ViewParts) {
    this.#parts = parts
    this.topic = parts.tail.topic
    const { fileExists, openFile, listed, indices } = parts
    this.#rows = new MemoryRows({ listed, indices: indices.length })
    if (fileExists && openFile !== null)
      try {
        this.#rows = openFile()
      } catch (cause) {
        this.#fail('its file cannot be opened', cause)
      }
    this.#catchUp = new CatchUp(parts, this, this.#rows.kept)
  }

  get size(): number {
    return this.#rows.size
  }

  /** Whether it has caught up once. */
  get ready(): boolean {
    return this.#catchUp.ready && this.#failure === null
  }

  /** What has become of it for good, or null. */
  get failure(): string | null {
    return this.#failure
  }

  get progress(): Progress {
    return this.#catchUp.progress
  }

  /** The next offset of each partition that it has not seen yet. */
  get positions(): readonly number[] {
    return this.#catchUp.positions
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  list(range: Parameters<Rows['list']>[0]): ReturnType<Rows['list']> {
    return this.#rows.list(range)
  }

  /** Reads what there is, then goes on with what comes. Resolves when it has caught up. Throws what reading does: call it again. */
  build(signal: AbortSignal): Promise<void> {
    return this.#catchUp.build(signal)
  }

  came(partition: number, live: boolean): void {
    if (live) this.#commitSoon()
    else this.#commit()
    this.advances.changed(partition)
  }

  forget(partition: number): void {
    this.#rows.forget(partition)
  }

  take(incoming: Incoming): void {
    const { changes, read: readRecord } = this.#parts
    const read = readRecord === null ? incoming : readRecord(incoming)
    if (read === null) return
    const change = changes === null ? null : changes(read)
    const record = changes === null ? read : change
    if (record === null || record.key === null || this.#failure !== null) return // no key, no state
    const { key: bytes, value, partition, offset, timestamp, headers } = record
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    try {
      if (value === null) this.#rows.delete(key)
      else {
        const { indices, cloudEvents } = this.#parts
        const row = change === null ? value : completed(value, change.untouched, this.#rows.get(key)?.value)
        const json = indices.length === 0 ? undefined : jsonFrom(row)
        const type = headers.find(([name]) => name === 'content-type')?.[1]
        this.#rows.set(key, {
          value: Buffer.from(row), // of its own: it would keep all that was fetched with it
          type: type === undefined || !isUtf8(type) ? null : textOf(type),
          partition,
          offset: Number(offset),
          modified: timestamp as EpochMs,
          indexed: indices.map(pointer => comparable(pointed(json, pointer))),
          attributes: cloudEvents ? attributesOf(record) : null,
        })
        if (this.#rows.bytes > this.#parts.memoryBytes) this.#spill()
      }
    } catch (cause) {
      this.#fail('its file cannot be written', cause)
    }
    this.changes.changed(key)
  }

  /** Memory does not hold it any more: it goes into the file, all of it. */
  #spill(): void {
    const { openFile, memoryBytes } = this.#parts
    if (openFile === null) return this.#fail(`it needs more than ${memoryBytes} bytes, and has no file`)
    const file = openFile()
    const moving = new MovingRows(this.#rows, file)
    this.#rows = moving
    const move = (): void => {
      if (this.#failure !== null) return
      try {
        if (!moving.move()) return void setImmediate(move)
        this.#rows = file
        this.#commit()
      } catch (cause) {
        this.#fail('its file cannot be written', cause)
      }
    }
    setImmediate(move)
  }

  #fail(why: string, cause?: unknown): void {
    this.#failure = `The view of ${this.topic} is given up: ${why}.`
    events.warning.publish({ what: this.#failure, cause })
  }

  #commitSoon(): void {
    if (this.#committing) return
    this.#committing = true
    setImmediate(() => {
      this.#committing = false
      this.#commit()
    })
  }

  #commit(): void {
    try {
      if (this.#failure === null) this.#rows.commit({ positions: this.positions, log: this.#parts.tail.log })
    } catch (cause) {
      this.#fail('its file cannot be written', cause)
    }
  }

  /** Resolves when a partition has been read up to `next`. Throws view-behind when no time is left. */
  async reach(partition: number, next: number, leftMs: () => number, signal: Signal): Promise<void> {
    while ((this.positions[partition] ?? 0) < next) {
      const left = leftMs()
      if (left <= 0 || signal.aborted) {
        const observed = this.positions[partition] ?? 0
        const detail = `The view of ${this.topic} is at ${observed} in partition ${partition}, and ${next} is awaited.`
        throw new Problem('view-behind', detail, { limit: next, observed })
      }
      await this.advances.wait(partition, Math.min(left, peekMs), signal)
      if ((this.positions[partition] ?? 0) < next) await this.#catchUp.peek(partition)
    }
  }

  /** The ends of the partitions at present. */
  async ends(): Promise<readonly number[]> {
    return (await this.#parts.past.offsets(this.topic, 'end')).map(Number)
  }

  /** Which log a topic of the same cluster has at present. */
  logOf(topic: string): number {
    return logOf(this.#parts.past.id(topic))
  }

  /** It is not to be built. */
  refuse(why: string): void {
    this.#fail(why)
  }

  [Symbol.dispose](): void {
    this.#catchUp[Symbol.dispose]()
    this.#commit()
    this.#rows[Symbol.dispose]()
    this.#failure = 'The view is closed.'
  }
}

/** Changes with every record of the key, and is the same on every instance. */
export const etagOf = ({ partition, offset, modified }: Row): string =>
  `"${partition.toString(36)}-${offset.toString(36)}-${modified.toString(36)}"`
