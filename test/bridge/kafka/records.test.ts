import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { wallClock } from '../../../src/clock.ts'
import type { Incoming, Outgoing } from '../../../src/bridge/broker.ts'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import { crc32c } from '../../../src/bridge/kafka/crc32c.ts'
import type { Aborted } from '../../../src/bridge/kafka/fetch.ts'
import { batchOverhead, readBatches, recordSize, writeBatch } from '../../../src/bridge/kafka/records.ts'
import { batchOf, inTransaction, marker } from '../../help/scripted.ts'

type Written = Pick<Outgoing, 'key' | 'value' | 'headers'>
const written = (records: readonly Written[], base = 0n): Buffer => {
  const out = new Writer(8)
  writeBatch(out, records, wallClock())
  const bytes = Buffer.from(out.bytes)
  bytes.writeBigInt64BE(base, 0)
  return bytes
}
function read(
  bytes: Buffer,
  from = 0n,
  aborted: readonly Aborted[] = [],
): { records: Incoming[]; skipped: string[]; next: bigint } {
  const records: Incoming[] = []
  const skipped: string[] = []
  let next = from
  const onSkipped = (reason: string): void => void skipped.push(reason)
  for (const unfolded of readBatches(bytes, { topic: 't', partition: 0, from, aborted, onSkipped })) {
    records.push(...unfolded.records)
    next = unfolded.next
  }
  return { records, skipped, next }
}
const plain = (value: string): Written => ({ key: null, value: Buffer.from(value), headers: [] })
const values = (records: readonly Incoming[]): string[] => records.map(({ value }) => String(value))
const recalculated = (batch: Buffer): Buffer => {
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}

const nullable = fc.option(fc.uint8Array({ maxLength: 300 }))
const aWritten = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.array(fc.tuple(fc.string({ maxLength: 80 }), fc.uint8Array({ maxLength: 200 }))),
})

test('what was written is read back, to the byte', () => {
  fc.assert(
    fc.property(fc.array(aWritten, { minLength: 1 }), records => {
      const { records: got, next, skipped } = read(written(records))
      deepEqual(skipped, [])
      equal(next, BigInt(records.length))
      deepEqual(
        got.map(({ key, value, headers }) => ({
          key: key && [...key],
          value: value && [...value],
          headers: headers.map(([name, content]) => [name, [...content]]),
        })),
        records.map(({ key, value, headers }) => ({
          key: key && [...key],
          value: value && [...value],
          headers: headers.map(([name, content]) => [Buffer.from(name).toString(), [...content]]),
        })),
      )
    }),
  )
})

test('a record is never larger than its size says', () => {
  fc.assert(
    fc.property(fc.array(aWritten, { minLength: 1 }), records => {
      equal(
        written(records).length <= batchOverhead + records.reduce((sum, record) => sum + recordSize(record), 0),
        true,
      )
    }),
  )
})

test('reads on where it stopped, though the batch begins before', () => {
  const bytes = written([plain('a'), plain('b'), plain('c')], 10n)
  deepEqual(values(read(bytes, 11n).records), ['b', 'c'])
  equal(read(bytes, 11n).next, 13n)
  deepEqual(read(bytes, 13n), { records: [], skipped: [], next: 13n })
})

test('offsets may be thousands of millions apart', () => {
  const places = [0n, 2n ** 31n + 5n, 2n ** 40n]
  const bytes = Buffer.concat(places.map(place => written([plain('a')], place)))
  const { records, next } = read(bytes, 0n)
  deepEqual([records.map(({ offset }) => offset), next], [places, 2n ** 40n + 1n])
})

test('a batch cut off at the end waits for the next fetch', () => {
  const bytes = Buffer.concat([written([plain('a')], 0n), written([plain('b')], 1n)])
  const { records, next } = read(bytes.subarray(0, bytes.length - 1))
  deepEqual(values(records), ['a'])
  equal(next, 1n)
})

test('a broken batch is reported and passed, and what follows is read', () => {
  const broken = written([plain('b')], 1n)
  broken[67]! ^= 1
  const { records, skipped, next } = read(Buffer.concat([written([plain('a')], 0n), broken, written([plain('c')], 2n)]))
  deepEqual(values(records), ['a', 'c'])
  deepEqual(skipped, ['a wrong checksum'])
  equal(next, 3n)
})

test('a batch whose body lies about its lengths is passed as a whole', () => {
  const liar = written([plain('a'), plain('b')], 0n)
  liar.writeInt32BE(1_000_000, 57)
  const { records, skipped, next } = read(recalculated(liar))
  equal(records.length, 0)
  equal(skipped.length, 1)
  equal(next, 2n)
})

test('an unknown compression is passed', () => {
  const odd = written([plain('a')])
  odd.writeInt16BE(6, 21)
  equal(read(recalculated(odd)).skipped.length, 1)
})

test('a compressed batch is unfolded', () => {
  const bytes = written([plain('a'), plain('b')])
  const body = gzipSync(bytes.subarray(batchOverhead))
  const folded = Buffer.concat([bytes.subarray(0, batchOverhead), body])
  folded.writeInt32BE(folded.length - 12, 8)
  folded.writeInt16BE(1, 21)
  deepEqual(values(read(recalculated(folded)).records), ['a', 'b'])
})

test('markers of transactions are no records', () => {
  const marker = written([plain('commit')])
  marker.writeInt16BE(0x30, 21)
  deepEqual(read(recalculated(marker)), { records: [], skipped: [], next: 1n })
})

test('whatever the bytes are, reading them ends', () => {
  const good = written([plain('a'), plain('b')])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(good.length - 1), (noise, at) => {
      const bytes = Buffer.from(good)
      bytes.set(noise.subarray(0, bytes.length - at), at)
      read(bytes)
      read(recalculated(bytes))
      read(Buffer.from(noise))
    }),
  )
})

test('what a transaction has taken back is passed, and nothing else, though the brokers send it all the same', () => {
  const of = (producer: bigint, offset: bigint, ...values: string[]): Buffer =>
    inTransaction(producer, batchOf(offset, ...values))
  const bytes = Buffer.concat([
    batchOf(0n, 'plain'),
    of(7n, 1n, 'void 1', 'void 2'),
    of(8n, 3n, 'other'),
    of(7n, 4n, 'void 3'),
    batchOf(5n, 'plain too'),
    marker(6n, 7n, 'abort'),
    of(7n, 7n, 'the same producer again'),
    marker(8n, 8n, 'commit'),
    marker(9n, 7n, 'commit'),
    of(7n, 10n, 'void 4'),
    marker(11n, 7n, 'abort'),
    of(7n, 12n, 'and again'),
  ])
  const aborted = [
    { producer: 7n, first: 10n },
    { producer: 7n, first: 1n },
  ]
  const { records, skipped, next } = read(bytes, 0n, aborted)
  deepEqual(values(records), ['plain', 'other', 'plain too', 'the same producer again', 'and again'])
  deepEqual([skipped, next], [[], 13n])
  deepEqual(values(read(bytes.subarray(batchOf(0n, 'plain').length), 2n, aborted).records)[0], 'other', 'begun in it')
})

test('a control batch that cannot be read is passed and told', () => {
  const broken = marker(1n, 7n, 'abort').subarray(0, batchOverhead)
  broken.writeInt32BE(broken.length - 12, 8)
  const { records, skipped, next } = read(
    Buffer.concat([inTransaction(7n, batchOf(0n, 'void')), broken, batchOf(2n, 'plain')]),
    0n,
    [{ producer: 7n, first: 0n }],
  )
  deepEqual([values(records), skipped.length, next], [['plain'], 1, 3n])
})

test('where the broker sets the time, it is the time of every record', () => {
  const batch = batchOf(0n, 'a', 'b')
  batch.writeInt16BE(0x8, 21)
  batch.writeBigInt64BE(1_234_567n, 35)
  const { records } = read(recalculated(batch))
  deepEqual(
    records.map(({ timestamp }) => timestamp),
    [1_234_567, 1_234_567],
  )
})
