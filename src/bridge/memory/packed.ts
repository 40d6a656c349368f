import type { Header, Headers, Outgoing } from '../broker.ts'

/** What of a record is kept: its bytes and names. */
export type Content = Pick<Outgoing, 'key' | 'value' | 'headers'>

/** A record as kept: one stretch of a segment, as typed arrays for each of its parts would cost ten times the memory. */
export type Packed = Readonly<{
  timestamp: number
  weight: number
  segment: Buffer
  start: number // in the segment: the key, then the value, then the header values
  key: number // its length; −1 for null
  value: number
  names: readonly string[]
  sizes: readonly number[] // of the header values
  length: number // of all of it
}>

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

const leastSegment = 4_096
const mostSegment = 65_536

/** Copies records into segments: few large pieces of memory, which the collector need not look into. */
export class Packer {
  #segment: Buffer = Buffer.alloc(0)
  #at = 0
  #names: readonly string[] = []

  pack({ key, value, headers }: Content, weight: number, timestamp: number): Packed {
    const sizes: number[] = []
    let length = (key?.length ?? 0) + (value?.length ?? 0)
    for (let i = 0; i < headers.length; i++) {
      const size = (headers[i] as Header)[1].length
      sizes.push(size)
      length += size
    }
    this.#reserve(length)
    const start = this.#at
    if (key !== null) this.#put(key)
    if (value !== null) this.#put(value)
    for (let i = 0; i < headers.length; i++) this.#put((headers[i] as Header)[1])
    return {
      timestamp,
      weight,
      segment: this.#segment,
      start,
      key: key === null ? none : key.length,
      value: value === null ? none : value.length,
      names: this.#namesOf(headers),
      sizes,
      length,
    }
  }

  #put(bytes: Uint8Array): void {
    this.#segment.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Segments begin small, so that a thousand quiet partitions cost little. */
  #reserve(length: number): void {
    if (this.#at + length <= this.#segment.length) return
    const next = Math.min(mostSegment, Math.max(leastSegment, this.#segment.length * 2))
    this.#segment = Buffer.allocUnsafeSlow(Math.max(next, length))
    this.#at = 0
  }

  /** Neighbours mostly carry the same names: they share one list. */
  #namesOf(headers: Headers): readonly string[] {
    const names = this.#names
    let same = headers.length === names.length
    for (let i = 0; same && i < names.length; i++) same = headers[i]?.[0] === names[i]
    if (!same) this.#names = headers.map(([name]) => name)
    return this.#names
  }
}

/** The record again, in a buffer of its own: a reader that writes into it or keeps it harms nobody. */
export function unpack(packed: Packed): Content {
  const { segment, start, length, names, sizes } = packed
  const own = Buffer.allocUnsafe(length)
  segment.copy(own, 0, start, start + length)
  let at = 0
  const take = (size: number): Buffer => own.subarray(at, (at += size))
  const key = packed.key === none ? null : take(packed.key)
  const value = packed.value === none ? null : take(packed.value)
  const headers: Header[] = []
  for (let i = 0; i < names.length; i++) headers.push([names[i] as string, take(sizes[i] as number)])
  return { key, value, headers }
}
