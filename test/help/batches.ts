import { once } from 'node:events'
import { connect } from 'node:net'
import { createZstdCompress, zstdCompressSync } from 'node:zlib'
import type { Headers } from '../../src/bridge/broker.ts'
import { Writer } from '../../src/bridge/kafka/bytes.ts'
import { crc32c } from '../../src/bridge/kafka/crc32c.ts'
import { batchOverhead, writeBatch } from '../../src/bridge/kafka/records.ts'
import { wallClock } from '../../src/clock.ts'

const zstd = 4

/** One record as a batch of the wire, not compressed. */
export function aBatch(value: Uint8Array, headers: Headers = []): Buffer {
  const out = new Writer()
  writeBatch(out, [{ key: null, value, headers }], wallClock())
  return Buffer.from(out.bytes)
}

/** The same batch with its records compressed by zstd. */
export const compressed = (batch: Buffer): Buffer => withBody(batch, zstdCompressSync(batch.subarray(batchOverhead)))

/** A batch that is right in every byte and holds one record with that many zeros. */
export async function aBomb(zeros: number): Promise<Buffer> {
  const writer = new Writer()
  const inside = new Writer()
  inside.int8(0) // attributes
  inside.varint(0) // timestamp
  inside.varint(0) // offset
  inside.varint(-1) // key
  inside.varint(zeros)
  writer.varint(inside.at + zeros + 1)
  writer.raw(inside.bytes)
  const compress = createZstdCompress()
  const chunks: Buffer[] = []
  compress.on('data', (chunk: Buffer) => chunks.push(chunk))
  compress.write(Buffer.from(writer.bytes))
  const block = Buffer.alloc(4 * 1_048_576)
  for (let left = zeros; left > 0; left -= block.length)
    if (!compress.write(block.subarray(0, Math.min(left, block.length)))) await once(compress, 'drain')
  compress.end(Buffer.from([0])) // no headers
  await once(compress, 'end')
  return withBody(aBatch(Buffer.alloc(1)), Buffer.concat(chunks))
}

/** Puts other records behind the head of a batch, and says so in its length, attributes and checksum. */
export function withBody(batch: Buffer, body: Uint8Array, codec = zstd): Buffer {
  const made = Buffer.concat([batch.subarray(0, batchOverhead), body])
  made.writeInt32BE(made.length - 12, 8)
  made.writeInt16BE(codec, 21)
  made.writeUInt32BE(crc32c(made, 21), 17)
  return made
}

/** Writes a batch as it is, by a Produce request of its own. Throws the error code that the broker answers. */
export async function produce(brokers: string, topic: string, partition: number, batch: Buffer): Promise<void> {
  const [host = '', port] = brokers.split(':')
  const out = new Writer()
  out.int32(0) // the size, below
  out.int16(0) // Produce
  out.int16(7)
  out.int32(1) // correlation id
  out.string('test')
  out.int16(-1) // no transaction
  out.int16(-1) // acks: all
  out.int32(10_000)
  out.int32(1)
  out.string(topic)
  out.int32(1)
  out.int32(partition)
  out.int32(batch.length)
  out.raw(batch)
  out.int32At(0, out.at - 4)
  const socket = connect({ host, port: Number(port) })
  socket.write(out.bytes)
  let answer = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    answer = Buffer.concat([answer, chunk])
    if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) break
  }
  socket.destroy()
  const at = 12 + 2 + Buffer.byteLength(topic) + 4 + 4 // size, correlation, topics; its name; partitions, partition
  const code = answer.readInt16BE(at)
  if (code !== 0) throw new Error(`The broker answered with error ${code}.`)
}
