import { fail, Writer } from './link.ts'

/** What the worker keeps of a command: where the reply goes, and the bytes that are echoed. */
export type Command = Readonly<{ topic: string; partition: number; correlation: Uint8Array; value: Uint8Array }>

const headerBytes = 61 // of a record batch, version 2
const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1 // CRC-32C (Castagnoli)
  return crc
})

function crc32c(bytes: Buffer, from: number, to: number): number {
  let crc = -1
  for (let at = from; at < to; at++) crc = crcTable[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc
}

/** Hands over the commands in `bytes` from offset `from` on, and returns the offset of the next record to fetch. */
export function readCommands(bytes: Buffer, from: bigint, take: (command: Command) => void): bigint {
  let next = from
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      value |= (byte & 127) << shift
      if (byte < 128) return (value >>> 1) ^ -(value & 1)
    }
  }
  const skip = (): void => {
    const size = varint() // first, as it moves `at` itself
    at += Math.max(0, size)
  }
  while (at + headerBytes <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break // the rest of this batch comes with the next fetch
    if (bytes.readInt16BE(at + 21) & 7) fail('reads no compressed records.')
    const base = bytes.readBigInt64BE(at)
    const last = base + BigInt(bytes.readInt32BE(at + 23))
    const first = Number(from - base) // a batch may begin before what was asked for
    at += headerBytes
    while (at < end) {
      varint() // length
      at++ // attributes
      varint() // timestamp; larger than 32 bits never matters here
      const offset = varint()
      skip() // key
      const length = varint()
      const value = bytes.subarray(at, (at += Math.max(0, length)))
      let topic = ''
      let partition = -1
      let correlation: Uint8Array | null = null
      for (let headers = varint(); headers > 0; headers--) {
        const start = at
        const size = varint()
        const name = bytes[at] === 115 && size >= 15 ? bytes.toString('latin1', at, at + size) : '' // 115: an s
        at += size
        const valueSize = varint()
        if (name === 'sluice-correlation-id') correlation = bytes.subarray(start, at + valueSize)
        else if (name === 'sluice-reply-to') topic = bytes.toString('latin1', at, at + valueSize)
        else if (name === 'sluice-reply-partition') partition = Number(bytes.toString('latin1', at, at + valueSize))
        at += Math.max(0, valueSize)
      }
      if (correlation !== null && topic !== '' && offset >= first) take({ topic, partition, correlation, value })
    }
    next = last + 1n
  }
  return next > from ? next : from
}

const header = (name: string, value: string): Buffer =>
  Buffer.from([name.length * 2, ...Buffer.from(name), value.length * 2, ...Buffer.from(value)])
const fixed = Buffer.concat([header('sluice-status', '201'), header('content-type', 'application/json')])

/** A record batch of replies in the making: the correlation id as it came, status 201, a content type, the command's value. */
export class ReplyBatch {
  readonly #out = new Writer()
  #count = 0

  constructor() {
    this.#out.at = headerBytes
  }

  get empty(): boolean {
    return this.#count === 0
  }

  add({ correlation, value }: Command): void {
    const offset = this.#count++
    const size =
      3 + varintSize(offset) + varintSize(value.length) + value.length + 1 + correlation.length + fixed.length
    this.#out.room(size + 5)
    this.#varint(size)
    this.#out.int8(0).int8(0) // attributes, timestamp
    this.#varint(offset)
    this.#out.int8(1) // no key
    this.#varint(value.length)
    this.#out.bytes(value).int8(6).bytes(correlation).bytes(fixed) // three headers
  }

  /** The finished batch. It is valid until `add` is called again. */
  finish(): Buffer {
    const { buffer, at } = this.#out
    const now = BigInt(Date.now())
    buffer.fill(0, 0, headerBytes)
    buffer.writeInt32BE(at - 12, 8)
    buffer.writeInt32BE(-1, 12)
    buffer[16] = 2
    buffer.writeInt32BE(this.#count - 1, 23)
    buffer.writeBigInt64BE(now, 27)
    buffer.writeBigInt64BE(now, 35)
    buffer.writeBigInt64BE(-1n, 43) // no producer id, epoch and sequence
    buffer.writeInt16BE(-1, 51)
    buffer.writeInt32BE(-1, 53)
    buffer.writeInt32BE(this.#count, 57)
    buffer.writeInt32BE(crc32c(buffer, 21, at), 17)
    this.#out.at = headerBytes
    this.#count = 0
    return buffer.subarray(0, at)
  }

  #varint(value: number): void {
    let rest = value * 2
    for (; rest > 127; rest >>>= 7) this.#out.int8((rest & 127) | 128)
    this.#out.int8(rest)
  }
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value * 2; rest > 127; rest >>>= 7) size++
  return size
}
