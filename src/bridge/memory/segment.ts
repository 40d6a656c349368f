import type { Header, Headers, Outgoing } from '../broker.ts'

/** What of a record is kept: its bytes and names. */
export type Content = Pick<Outgoing, 'key' | 'value' | 'headers'>

const none = -1
const recordOverhead = 70 // about what Kafka's framing of a lone record takes
const headerOverhead = 8

/** The size of a record in bytes, headers and framing included. */
export function weigh({ key, value, headers }: Content): number {
  let sum = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0)
  for (let i = 0; i < headers.length; i++) {
    const [name, content] = headers[i] as Header
    sum += headerOverhead + name.length + content.length
  }
  return sum
}

const leastBytes = 4_096
const mostBytes = 65_536
// timestamp (8), weight, length of the key, length of the value, which names (4 each); then the lengths of the header values (4 each)
const fixedBytes = 24

/**
 * Some successive records in one piece of memory, which the collector need not look into: nothing of a record outlives its
 * writing as an object. A record is its numbers, then its key, its value and its header values.
 */
export class Segment {
  /** The offset of its first record. */
  readonly base: number
  readonly #bytes: Buffer
  readonly #starts: number[] = []
  readonly #names: (readonly string[])[] = []
  #at = 0

  /** Holds at least one record of `length` bytes. */
  constructor(base: number, size: number) {
    this.base = base
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  /** One for records from this offset on, the first of which is given. Segments begin small, so that a thousand quiet partitions cost little. */
  static after(last: Segment | undefined, base: number, first: Content): Segment {
    const before = last === undefined ? 0 : last.#bytes.length
    const next = Math.min(mostBytes, Math.max(leastBytes, before * 2))
    return new Segment(base, Math.max(next, lengthOf(first)))
  }

  get count(): number {
    return this.#starts.length
  }

  /** Copies the record; false where there is no room for it. */
  append(record: Content, weight: number, timestamp: number): boolean {
    const { key, value, headers } = record
    if (this.#at + lengthOf(record) > this.#bytes.length) return false
    const bytes = this.#bytes
    this.#starts.push(this.#at)
    let at = bytes.writeDoubleLE(timestamp, this.#at)
    at = bytes.writeUInt32LE(weight, at)
    at = bytes.writeInt32LE(key === null ? none : key.length, at)
    at = bytes.writeInt32LE(value === null ? none : value.length, at)
    at = bytes.writeInt32LE(this.#namesOf(headers), at)
    for (let i = 0; i < headers.length; i++) at = bytes.writeInt32LE((headers[i] as Header)[1].length, at)
    if (key !== null) at = put(bytes, key, at)
    if (value !== null) at = put(bytes, value, at)
    for (let i = 0; i < headers.length; i++) at = put(bytes, (headers[i] as Header)[1], at)
    this.#at = at
    return true
  }

  timestamp(index: number): number {
    return this.#bytes.readDoubleLE(this.#start(index))
  }

  weight(index: number): number {
    return this.#bytes.readUInt32LE(this.#start(index) + 8)
  }

  /** The record again, in a buffer of its own: a reader that writes into it or keeps it harms nobody. */
  read(index: number): Content {
    const start = this.#start(index)
    const keyLength = this.#bytes.readInt32LE(start + 12)
    const valueLength = this.#bytes.readInt32LE(start + 16)
    const names = this.#names[this.#bytes.readInt32LE(start + 20)] ?? []
    const sizes = start + fixedBytes
    const content = sizes + 4 * names.length
    const own = Buffer.allocUnsafe((this.#starts[index + 1] ?? this.#at) - content)
    this.#bytes.copy(own, 0, content, content + own.length)
    let at = 0
    const take = (length: number): Buffer => own.subarray(at, (at += length))
    const key = keyLength === none ? null : take(keyLength)
    const value = valueLength === none ? null : take(valueLength)
    const headers = names.map((name, i): Header => [name, take(this.#bytes.readInt32LE(sizes + 4 * i))])
    return { key, value, headers }
  }

  #start(index: number): number {
    const start = this.#starts[index]
    if (start === undefined) throw new RangeError(`No record at ${this.base + index}.`)
    return start
  }

  /** Neighbours mostly carry the same names: they share one list. */
  #namesOf(headers: Headers): number {
    const last = this.#names.at(-1)
    let same = last !== undefined && headers.length === last.length
    for (let i = 0; same && i < headers.length; i++) same = headers[i]?.[0] === last?.[i]
    if (!same) this.#names.push(headers.map(([name]) => name))
    return this.#names.length - 1
  }
}

function lengthOf({ key, value, headers }: Content): number {
  let length = fixedBytes + 4 * headers.length + (key?.length ?? 0) + (value?.length ?? 0)
  for (let i = 0; i < headers.length; i++) length += (headers[i] as Header)[1].length
  return length
}

function put(into: Buffer, bytes: Uint8Array, at: number): number {
  into.set(bytes, at)
  return at + bytes.length
}
