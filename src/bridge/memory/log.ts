import type { Incoming } from '../broker.ts'
import type { Follower } from './follower.ts'
import { Packer, unpack } from './packed.ts'
import type { Content, Packed } from './packed.ts'
import type { Retention } from './retention.ts'

const tidyFrom = 1_024

/** One partition: an append-only list of records, bounded by dropping its beginning. */
export class Log {
  readonly topic: string
  readonly partition: number
  readonly followers = new Set<Follower>()
  readonly #retention: Retention
  readonly #packer = new Packer()
  #kept: (Packed | undefined)[] = []
  #dropped = 0 // places at the front of #kept that are empty already
  #first = 0
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
    return this.#first + this.#kept.length - this.#dropped
  }

  get bytes(): number {
    return this.#bytes
  }

  /** When the oldest record that may be dropped was written, in epoch milliseconds; Infinity when there is none. */
  get oldestAt(): number {
    return this.#first < this.end - 1 ? (this.#kept[this.#dropped]?.timestamp ?? Infinity) : Infinity
  }

  /** Copies the record, so that the caller may reuse its buffers; returns its offset. The newest record is always kept. */
  append(record: Content, weight: number, timestamp: number): number {
    const offset = this.end
    this.#kept.push(this.#packer.pack(record, weight, timestamp))
    this.#bytes += weight
    const { records, bytes, shared } = this.#retention
    shared?.count(weight)
    while (this.#first < offset && (offset - this.#first >= records || this.#bytes > bytes)) this.#drop()
    shared?.enforce()
    return offset
  }

  /** The record at an offset from `first` to below `end`. Throws a RangeError elsewhere. */
  at(offset: number): Incoming {
    const packed = this.#kept[offset - this.#first + this.#dropped]
    if (packed === undefined) throw new RangeError(`No record at ${offset}.`)
    const { key, value, headers } = unpack(packed)
    const { topic, partition } = this
    return { topic, partition, offset: BigInt(offset), timestamp: packed.timestamp, key, value, headers }
  }

  /** Drops the oldest record, unless it is the newest too; false when there is nothing to drop. */
  drop(): boolean {
    if (this.#first >= this.end - 1) return false
    this.#drop()
    return true
  }

  #drop(): void {
    const { weight = 0 } = this.#kept[this.#dropped] ?? {}
    this.#bytes -= weight
    this.#retention.shared?.count(-weight)
    this.#kept[this.#dropped++] = undefined
    this.#first++
    // moving the rest forward now and then keeps the list short, at a constant cost for each record
    if (this.#dropped < tidyFrom || this.#dropped * 2 < this.#kept.length) return
    this.#kept = this.#kept.slice(this.#dropped)
    this.#dropped = 0
  }
}
