import type { Incoming } from '../broker.ts'
import type { Retention } from './retention.ts'
import { Segment } from './segment.ts'
import type { Content } from './segment.ts'
import type { Waking } from './turns.ts'

/** One partition: an append-only list of records, bounded by dropping its beginning. */
export class Log {
  readonly topic: string
  readonly partition: number
  readonly followers = new Set<Waking>()
  readonly #retention: Retention
  readonly #segments: Segment[] = [] // never empty once there is a record
  #first = 0
  #end = 0
  #bytes = 0

  constructor(topic: string, partition: number, retention: Retention) {
    this.topic = topic
    this.partition = partition
    this.#retention = retention
    retention.shared?.join(this)
  }

  /** The oldest offset that is still there. */
  get first(): number {
    return this.#first
  }

  /** The offset that the next record will get. */
  get end(): number {
    return this.#end
  }

  get bytes(): number {
    return this.#bytes
  }

  /** When the oldest record that may be dropped was written, in epoch milliseconds; Infinity when there is none. */
  get oldestAt(): number {
    const [oldest] = this.#segments
    return oldest === undefined || this.#first >= this.#end - 1 ? Infinity : oldest.timestamp(this.#first - oldest.base)
  }

  /** Copies the record, so that the caller may reuse its buffers; returns its offset. The newest record is always kept. */
  append(record: Content, weight: number, timestamp: number): number {
    const offset = this.#end++
    const last = this.#segments.at(-1)
    if (last?.append(record, weight, timestamp) !== true) {
      const next = Segment.after(last, offset, record)
      next.append(record, weight, timestamp)
      this.#segments.push(next)
    }
    this.#bytes += weight
    const { records, bytes, shared } = this.#retention
    shared?.count(weight)
    while (this.#first < offset && (offset - this.#first >= records || this.#bytes > bytes)) this.#drop()
    shared?.enforce()
    return offset
  }

  /** The record at an offset from `first` to below `end`. Throws a RangeError elsewhere. */
  at(offset: number): Incoming {
    if (offset < this.#first || offset >= this.#end) throw new RangeError(`No record at ${offset}.`)
    const segment = this.#segmentOf(offset)
    const index = offset - segment.base
    const { topic, partition } = this
    return { topic, partition, offset: BigInt(offset), timestamp: segment.timestamp(index), ...segment.read(index) }
  }

  /** Drops the oldest record, unless it is the newest too; false when there is nothing to drop. */
  drop(): boolean {
    if (this.#first >= this.#end - 1) return false
    this.#drop()
    return true
  }

  #drop(): void {
    const oldest = this.#segmentOf(this.#first)
    const weight = oldest.weight(this.#first - oldest.base)
    this.#bytes -= weight
    this.#retention.shared?.count(-weight)
    if (++this.#first >= oldest.base + oldest.count) this.#segments.shift()
  }

  /** Most readers are at the end, and what is dropped is at the beginning. */
  #segmentOf(offset: number): Segment {
    const segments = this.#segments
    if (offset < (segments[1]?.base ?? Infinity)) return segments[0] as Segment
    return segments.findLast(({ base }) => base <= offset) as Segment
  }
}
