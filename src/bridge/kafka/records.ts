import type { EpochMs } from '../../clock.ts'
import type { Header, Incoming, Outgoing } from '../broker.ts'
import { Malformed, Reader, varintSize } from './bytes.ts'
import type { Writer } from './bytes.ts'
import { decompress } from './compression.ts'
import type { Codec } from './compression.ts'
import { crc32c } from './crc32c.ts'
import type { Aborted } from './fetch.ts'

/** Bytes of a batch around its records: base offset 8, length 4, epoch 4, magic 1, crc 4, then 40 more. */
export const batchOverhead = 61
/** Most bytes around key, value and headers of one record: length, attributes, time, offset and three counts. */
export const recordOverhead = 26
const magic = 2
const codecMask = 0x07
const brokersTimeFlag = 0x08
const transactionalFlag = 0x10
const controlFlag = 0x20
const abortMarker = 0
const largestUnfolded = 64 * 1_048_576

type Written = Pick<Outgoing, 'key' | 'value' | 'headers'>

// names of headers recur with every record; those of the configuration are few, and the cap holds for all others
const names = new Map<string, Buffer>()
function nameBytes(name: string): Buffer {
  let known = names.get(name)
  if (known === undefined) {
    if (names.size >= 1_000) names.clear()
    const length = Buffer.byteLength(name)
    const size = varintSize(length)
    known = Buffer.alloc(size + length)
    let rest = length << 1
    for (let i = 0; i < size; i++) {
      known[i] = i === size - 1 ? rest : (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    known.write(name, size)
    names.set(name, known)
  }
  return known
}

/** What the record takes in a batch, at most: for limits, which must never be found too low by the broker. */
export function recordSize({ key, value, headers }: Written): number {
  let size = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) size += nameBytes(name).length + 5 + content.length
  return size
}

function bodySize({ key, value, headers }: Written, offsetDelta: number): number {
  let size = 2 + varintSize(offsetDelta) // attributes and the timestamp's difference, which is 0
  size += key === null ? 1 : varintSize(key.length) + key.length
  size += value === null ? 1 : varintSize(value.length) + value.length
  size += varintSize(headers.length)
  for (const [name, content] of headers) size += nameBytes(name).length + varintSize(content.length) + content.length
  return size
}

function writeBytes(out: Writer, content: Uint8Array | null): void {
  if (content === null) return out.varint(-1)
  out.varint(content.length)
  out.raw(content)
}

/** What a broker knows a batch by: of one that comes twice it keeps one. Counted in each partition, anew in each epoch. */
export type Numbered = Readonly<{ producerId: bigint; epoch: number; sequence: number }>

/** Appends one record batch (format 2, not compressed), all records with the same timestamp. */
export function writeBatch(
  out: Writer,
  records: readonly Written[],
  timestamp: EpochMs,
  number: Numbered | null = null,
): void {
  const start = out.at
  out.int64(0n)
  out.int32(0) // length, below
  out.int32(-1)
  out.int8(magic)
  out.int32(0) // crc, below
  const checked = out.at
  out.int16(0)
  out.int32(records.length - 1)
  out.int64(BigInt(timestamp))
  out.int64(BigInt(timestamp))
  out.int64(number?.producerId ?? -1n)
  out.int16(number?.epoch ?? -1)
  out.int32(number?.sequence ?? -1)
  out.int32(records.length)
  for (const [offsetDelta, record] of records.entries()) {
    out.varint(bodySize(record, offsetDelta))
    out.int8(0)
    out.varint(0)
    out.varint(offsetDelta)
    writeBytes(out, record.key)
    writeBytes(out, record.value)
    out.varint(record.headers.length)
    for (const [name, content] of record.headers) {
      out.raw(nameBytes(name))
      writeBytes(out, content)
    }
  }
  out.int32At(start + 8, out.at - start - 12)
  out.uint32At(checked - 4, crc32c(out.bytes, checked, out.at))
}

export type Batches = Readonly<{
  topic: string
  partition: number
  from: bigint // records below are in the batch, but were read before
  aborted?: readonly Aborted[] // transactions that were given up: the answer carries their records all the same
  onSkipped: (reason: string, offset: bigint) => void
}>

/** The records of one batch, and the offset to go on at behind it. */
export type Unfolded = Readonly<{ records: readonly Incoming[]; next: bigint }>

/**
 * Reads the record batches of one partition out of a fetch, one after the other. A batch that cannot be read (bad checksum, unknown or
 * broken compression, too large when unfolded) is reported and passed: it would be as broken the next time. A batch cut off at the end
 * is left for the next fetch.
 */
export function* readBatches(
  bytes: Buffer,
  { topic, partition, from, aborted = [], onSkipped }: Batches,
): Generator<Unfolded, undefined> {
  const isVoid = aborted.length === 0 ? null : voids(aborted)
  let next = from
  let at = 0
  while (bytes.length - at >= batchOverhead) {
    const base = bytes.readBigInt64BE(at)
    const length = bytes.readInt32BE(at + 8)
    if (length < batchOverhead - 12 || at + 12 + length > bytes.length) break
    const batch = bytes.subarray(at, at + 12 + length)
    at += 12 + length
    const last = base + BigInt(Math.max(0, batch.readInt32BE(23)))
    let records: readonly Incoming[] = []
    try {
      const givenUp = isVoid !== null && isVoid(batch, last)
      if (last < next) continue
      if (!givenUp) records = unfold(batch, { topic, partition, base, from: next })
    } catch (error) {
      onSkipped(error instanceof Error ? error.message : String(error), base)
    }
    next = last + 1n // also over offsets that compaction took away
    yield { records, next }
  }
}

/**
 * Tells of one batch after the other, in the order of their offsets, whether its transaction was given up: from the first
 * offset that the broker names for its producer to the marker that ends it.
 */
function voids(aborted: readonly Aborted[]): (batch: Buffer, last: bigint) => boolean {
  const coming = aborted.toSorted((a, b) => (a.first < b.first ? -1 : 1))
  const open = new Set<bigint>()
  return (batch, last) => {
    for (let next = coming[0]; next !== undefined && next.first <= last; next = coming[0]) {
      open.add(next.producer)
      coming.shift()
    }
    const attributes = batch.readInt16BE(21)
    const producer = batch.readBigInt64BE(43)
    if ((attributes & transactionalFlag) === 0 || !open.has(producer)) return false
    if ((attributes & controlFlag) === 0) return true
    if (isAbortMarker(batch)) open.delete(producer)
    return false
  }
}

/** The key of a control record has a version and its type; batches of them are never compressed. */
function isAbortMarker(batch: Buffer): boolean {
  const reader = new Reader(batch, batchOverhead)
  reader.varint()
  reader.skip(1)
  reader.varlong()
  reader.varint()
  reader.varint()
  reader.skip(2)
  return reader.int16() === abortMarker
}

type Place = Readonly<{ topic: string; partition: number; base: bigint; from: bigint }>

/** All records of a batch or none: what is handed over must not depend on where the broken byte is. */
function unfold(batch: Buffer, { topic, partition, base, from }: Place): Incoming[] {
  if (batch.readInt8(16) !== magic) throw new Malformed(`record format ${batch.readInt8(16)}, which is older than 2`)
  if (crc32c(batch, 21) !== batch.readUInt32BE(17)) throw new Malformed('a wrong checksum')
  const attributes = batch.readInt16BE(21)
  if ((attributes & controlFlag) !== 0) return []
  const firstTimestamp = Number(batch.readBigInt64BE(27))
  const brokersTime = (attributes & brokersTimeFlag) === 0 ? null : Number(batch.readBigInt64BE(35))
  const count = batch.readInt32BE(57)
  const codec = attributes & codecMask
  const body = batch.subarray(batchOverhead)
  const content = codec === 0 ? body : asBuffer(decompress(codec as Codec, body, largestUnfolded))
  const reader = new Reader(content)
  if (count < 0 || count > content.length) throw new Malformed(`${count} records in ${content.length} bytes`)
  const records: Incoming[] = []
  for (let i = 0; i < count; i++) {
    const end = reader.varint() + reader.at
    reader.skip(1)
    const written = reader.varlong()
    const timestamp = brokersTime ?? firstTimestamp + written // the records go on saying what their producer meant
    const offset = base + BigInt(reader.varint())
    const key = readBytes(reader)
    const value = readBytes(reader)
    const headers: Header[] = []
    for (let left = reader.varint(); left > 0; left--)
      headers.push([reader.text(reader.varint()), readBytes(reader) ?? Buffer.alloc(0)])
    if (reader.at !== end) throw new Malformed('a record of another length than it says')
    if (offset >= from) {
      const record = { topic, partition, offset, timestamp, key, value, headers }
      records.push(brokersTime === null ? record : { ...record, brokersTime: true })
    }
  }
  return records
}

const readBytes = (reader: Reader): Buffer | null => {
  const length = reader.varint()
  return length < 0 ? null : reader.raw(length)
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
