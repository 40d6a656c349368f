import { isUtf8 } from 'node:buffer'
import type { Signal } from '../../aborter.ts'
import { pause } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Incoming } from '../broker.ts'
import { completed } from '../cdc/index.ts'
import type { Change } from '../cdc/index.ts'
import { jsonFrom, textOf } from '../feeds/content.ts'
import { comparable, pointed } from '../feeds/pointer.ts'
import type { Listener, Tail } from '../feeds/tail.ts'
import type { Past } from '../past.ts'
import { MemoryRows } from './memory.ts'
import { MovingRows } from './moving.ts'
import type { Row, Rows } from './rows.ts'
import { Waiters } from './waiters.ts'

export type ViewParts = Readonly<{
  tail: Tail
  past: Past
  indices: readonly string[]
  /** What the records are changes of rows by; null: each is the latest of its key. */
  changes: ((record: Incoming) => Change | null) | null
  listed: boolean
  memoryBytes: number
  /** Opens the file, where there is one to go to. */
  openFile: (() => Rows) | null
  /** Whether an earlier start has filled the file. */
  fileExists: boolean
}>
/** How far the building has come, in offsets. */
export type Progress = Readonly<{ done: number; of: number }>

const pageBytes = 1_048_576
const peekMs = 100
const againMs = 10

/** What a compacted topic adds up to: the latest of each key. It follows the same reader as the streams of the topic do. */
export class View implements Listener, Disposable {
  readonly topic: string
  readonly changes = new Waiters<string>() // by key
  readonly advances = new Waiters<number>() // by partition
  readonly #parts: ViewParts
  readonly #positions: number[] = []
  readonly #live: boolean[] = []
  #rows: Rows
  #listening: Disposable | null = null
  #failure: string | null = null
  #committing = false
  #of = 0
  #ready = false

  constructor(parts: ViewParts) {
    this.#parts = parts
    this.topic = parts.tail.topic
    const { fileExists, openFile, listed, indices } = parts
    this.#rows = new MemoryRows({ listed, indices: indices.length })
    if (!fileExists || openFile === null) return
    try {
      this.#rows = openFile()
      this.#positions.push(...this.#rows.positions)
    } catch (cause) {
      this.#fail('its file cannot be opened', cause)
    }
  }

  get size(): number {
    return this.#rows.size
  }

  /** Whether it has caught up once. */
  get ready(): boolean {
    return this.#ready && this.#failure === null
  }

  /** What has become of it for good, or null. */
  get failure(): string | null {
    return this.#failure
  }

  get progress(): Progress {
    return { done: this.#positions.reduce((sum, next) => sum + next, 0), of: this.#of }
  }

  /** The next offset of each partition that it has not seen yet. */
  get positions(): readonly number[] {
    return this.#positions
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  list(range: Parameters<Rows['list']>[0]): ReturnType<Rows['list']> {
    return this.#rows.list(range)
  }

  /** Reads what there is, then goes on with what comes. Resolves when it has caught up. Throws what reading does: call it again. */
  async build(signal: AbortSignal): Promise<void> {
    const { tail, past } = this.#parts
    this.#listening ??= tail.listen(this)
    const ends = await past.offsets(this.topic, 'end')
    const firsts = await past.offsets(this.topic, 'earliest')
    this.#of = ends.reduce((sum, end) => sum + Number(end), 0)
    for (let partition = 0; partition < ends.length; partition++) {
      const [first, end] = [Number(firsts[partition] ?? 0n), Number(ends[partition] ?? 0n)]
      const position = (this.#positions[partition] ??= 0)
      if (position > end) this.#forget(partition, first)
      while (!this.#arrive(partition) && this.#failure === null && !signal.aborted) await this.#page(partition)
    }
    this.#ready = !signal.aborted
  }

  async #page(partition: number): Promise<void> {
    const { past, tail } = this.#parts
    const from = this.#positions[partition] ?? 0
    if (from > (tail.windows[partition]?.next ?? 0)) return void (await tail.settle(partition, from))
    const page = await past.page({ topic: this.topic, partition, from: BigInt(from), maxBytes: pageBytes })
    for (const record of page.records) this.#apply(record)
    this.#positions[partition] = Math.max(Number(page.next), Number(page.first))
    this.#commit()
    if (Number(page.next) === from && page.first <= page.next) await pause(againMs)
  }

  /** Whether what is left stands in the window: then it is taken, and from now on what comes. */
  #arrive(partition: number): boolean {
    if (this.#live[partition] === true) return true
    const window = this.#parts.tail.windows[partition]
    const position = this.#positions[partition] ?? 0
    if (window === undefined || position < window.first || position > window.next) return false
    for (const record of window.from(position)) this.#apply(record)
    this.#positions[partition] = window.next
    this.#live[partition] = true
    this.#commit()
    return true
  }

  record(record: Incoming): void {
    const { partition } = record
    if (this.#live[partition] === true) {
      this.#apply(record)
      this.#positions[partition] = Number(record.offset) + 1
      this.#commitSoon()
    } else if (this.#ready) this.#arrive(partition) // one that was added
    this.advances.changed(partition)
  }

  moved(_topic: string, partition: number, from: number, to: number): void {
    if (to > from) this.#positions[partition] = to
    else this.#forget(partition, to)
  }

  /** The log of the partition was made anew. */
  #forget(partition: number, to: number): void {
    this.#rows.forget(partition)
    this.#positions[partition] = to
    this.#commit()
  }

  #apply(read: Incoming): void {
    const { changes } = this.#parts
    const change = changes === null ? null : changes(read)
    const record = changes === null ? read : change
    if (record === null || record.key === null || this.#failure !== null) return // no key, no state
    const { key: bytes, value, partition, offset, timestamp, headers } = record
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    try {
      if (value === null) this.#rows.delete(key)
      else {
        const { indices } = this.#parts
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
      if (this.#failure === null) this.#rows.commit(this.#positions)
    } catch (cause) {
      this.#fail('its file cannot be written', cause)
    }
  }

  /** Resolves when a partition has been read up to `next`. Throws view-behind when no time is left. */
  async reach(partition: number, next: number, leftMs: () => number, signal: Signal): Promise<void> {
    while ((this.#positions[partition] ?? 0) < next) {
      const left = leftMs()
      if (left <= 0 || signal.aborted) {
        const observed = this.#positions[partition] ?? 0
        const detail = `The view of ${this.topic} is at ${observed} in partition ${partition}, and ${next} is awaited.`
        throw new Problem('view-behind', detail, { limit: next, observed })
      }
      await this.advances.wait(partition, Math.min(left, peekMs), signal)
      if ((this.#positions[partition] ?? 0) < next) await this.#peek(partition)
    }
  }

  /** What is awaited may be offsets without records, of which no reader is told. */
  async #peek(partition: number): Promise<void> {
    const { tail } = this.#parts
    await tail.peek(partition)
    if (this.#live[partition] === true) this.#positions[partition] = tail.windows[partition]?.next ?? 0
  }

  /** The ends of the partitions at present. */
  async ends(): Promise<readonly number[]> {
    return (await this.#parts.past.offsets(this.topic, 'end')).map(Number)
  }

  /** It is not to be built. */
  refuse(why: string): void {
    this.#fail(why)
  }

  [Symbol.dispose](): void {
    this.#listening?.[Symbol.dispose]()
    this.#commit()
    this.#rows[Symbol.dispose]()
    this.#failure = 'The view is closed.'
  }
}

/** Changes with every record of the key, and is the same on every instance. */
export const etagOf = ({ partition, offset, modified }: Row): string =>
  `"${partition.toString(36)}-${offset.toString(36)}-${modified.toString(36)}"`
