import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Writer } from '../../src/bridge/kafka/bytes.ts'
import { crc32c } from '../../src/bridge/kafka/crc32c.ts'
import type { Aborted } from '../../src/bridge/kafka/fetch.ts'
import { compactLength, compactString, writeId } from '../../src/bridge/kafka/flexible.ts'
import { writeBatch } from '../../src/bridge/kafka/records.ts'
import { wallClock } from '../../src/clock.ts'

/** What a scripted node does with a request: answer with these bytes, say nothing, or close the connection. */
export type Reaction = Buffer | 'silence' | 'hang-up'
type Script = (body: Buffer) => Reaction
export const apis = { produce: 0, fetch: 1, offsets: 2, metadata: 3, versions: 18, producerId: 22 } as const

const bytes = (write: (out: Writer) => void): Buffer => {
  const out = new Writer(64)
  write(out)
  return Buffer.from(out.bytes)
}

/**
 * One Kafka node that says what the test wants it to: for what no real one does on demand. One topic `t`. `ids`: it gives
 * producer ids, or answers with this code.
 */
export async function scriptedNode(partitions = 1, id: string | null = null, ids: boolean | number = false) {
  const requests: { api: number; body: Buffer }[] = []
  const sockets = new Set<Socket>()
  let dials = 0
  let late: (answer: Buffer) => void = () => {}
  let [start, end] = [0n, 0n]
  const state = { leader: 1, topicCode: 0, partitions, id } // without an id it is too old to know one
  const server = createServer(socket => {
    dials++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let pending = Buffer.alloc(0)
    socket.on('data', chunk => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const frame = pending.subarray(4, 4 + pending.readInt32BE(0))
        pending = pending.subarray(4 + frame.length)
        const api = frame.readInt16BE(0)
        const client = Math.max(0, frame.readInt16BE(8))
        const body = frame.subarray(10 + client)
        requests.push({ api, body })
        const reaction = (scripts.get(api) ?? (() => 'silence' as const))(body)
        if (reaction === 'hang-up') socket.destroy()
        const write = (answer: Buffer): void => {
          socket.write(bytes(out => (out.int32(answer.length + 4), out.raw(frame.subarray(4, 8)), out.raw(answer))))
        }
        if (typeof reaction !== 'string') write(reaction)
        else late = write
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const scripts = new Map<number, Script>([
    [
      apis.versions,
      () =>
        bytes(out => {
          out.int16(0)
          out.int32(ids === false ? 7 : 8)
          for (const [key, max] of [
            [0, 7],
            [1, 11],
            [2, 3],
            [3, id === null ? 5 : 12],
            [17, 1],
            [18, 2],
            [36, 1],
            ...(ids === false ? [] : [[22, 1] as const]),
          ] as const)
            (out.int16(key), out.int16(0), out.int16(max))
          out.int32(0)
        }),
    ],
    [
      apis.producerId,
      () => bytes(out => (out.int32(0), out.int16(Number(ids) > 1 ? Number(ids) : 0), out.int64(9n), out.int16(0))),
    ],
    [
      apis.metadata,
      () =>
        bytes(out => {
          if (state.id !== null) return newerMetadata(out, { ...state, id: state.id, port })
          out.int32(0)
          out.int32(1)
          out.int32(1)
          out.string('127.0.0.1')
          out.int32(port)
          out.int16(-1)
          out.int16(-1)
          out.int32(1)
          out.int32(1)
          out.int16(state.topicCode)
          out.string('t')
          out.int8(0)
          out.int32(state.topicCode === 0 ? state.partitions : 0)
          for (let partition = 0; partition < state.partitions && state.topicCode === 0; partition++) {
            out.int16(0)
            out.int32(partition)
            out.int32(state.leader)
            for (let i = 0; i < 3; i++) out.int32(0)
          }
        }),
    ],
    [
      apis.offsets,
      body =>
        bytes(out => {
          out.int32(0)
          out.int32(1)
          out.string('t')
          out.int32(state.partitions)
          for (let partition = 0; partition < state.partitions; partition++)
            (out.int32(partition), out.int16(0), out.int64(-1n), out.int64(earliest(body) ? start : end))
        }),
    ],
  ])
  return {
    brokers: `127.0.0.1:${port}`,
    requests,
    state,
    get dials() {
      return dials
    },
    set end(offset: bigint) {
      end = offset
    },
    set start(offset: bigint) {
      start = offset
    },
    on(api: keyof typeof apis, script: Script): void {
      scripts.set(apis[api], script)
    },
    /** Answers the last request that was met by silence. */
    answer: (answer: Buffer): void => late(answer),
    /** Cuts every connection, as a node that dies. */
    cut(): void {
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** The answer to a produce request, by partition. */
export const produced = (
  answers: readonly Readonly<{ partition: number; code: number; offset?: bigint }>[],
  throttleMs = 0,
): Buffer =>
  bytes(out => {
    out.int32(answers.length === 0 ? 0 : 1)
    if (answers.length > 0) {
      out.string('t')
      out.int32(answers.length)
      for (const { partition, code, offset = 0n } of answers)
        (out.int32(partition), out.int16(code), out.int64(offset), out.int64(-1n), out.int64(0n))
    }
    out.int32(throttleMs)
  })

type NewerMetadata = Readonly<{ id: string; port: number; leader: number; topicCode: number; partitions: number }>

/** Metadata of version 12, after its header. */
function newerMetadata(out: Writer, { id, port, leader, topicCode, partitions }: NewerMetadata): void {
  out.int8(0)
  out.int32(0)
  compactLength(out, 1)
  out.int32(1)
  compactString(out, '127.0.0.1')
  out.int32(port)
  out.raw(Buffer.from([0, 0, 0]))
  out.int32(1)
  compactLength(out, 1)
  out.int16(topicCode)
  compactString(out, 't')
  writeId(out, topicCode === 0 ? id : '00'.repeat(16))
  out.int8(0)
  const count = topicCode === 0 ? partitions : 0
  compactLength(out, count)
  for (let partition = 0; partition < count; partition++) {
    out.int16(0)
    for (const number of [partition, leader, 0]) out.int32(number)
    out.raw(Buffer.from([1, 1, 1, 0]))
  }
  out.int32(0)
  out.raw(Buffer.from([0, 0]))
}

/** Whether the client asks where partitions begin, not where they end. */
const earliest = (body: Buffer): boolean => body.readBigInt64BE(body.length - 8) === -2n

/** What a transaction leaves in the answer to a fetch. */
export type Watermarks = Readonly<{ high?: bigint; stable?: bigint; aborted?: readonly Aborted[]; partition?: number }>

/** The answer to a fetch request: for one partition an error code, or batches. */
export const fetched = (
  code: number,
  batches: Buffer = Buffer.alloc(0),
  { high = 0n, stable = 0n, aborted = [], partition = 0 }: Watermarks = {},
): Buffer =>
  bytes(out => {
    out.int32(0)
    out.int16(0)
    out.int32(0)
    out.int32(1)
    out.string('t')
    out.int32(1)
    out.int32(partition)
    out.int16(code)
    for (const offset of [high, stable, 0n]) out.int64(offset)
    out.int32(aborted.length)
    for (const { producer, first } of aborted) (out.int64(producer), out.int64(first))
    out.int32(-1)
    out.int32(batches.length)
    out.raw(batches)
  })

/** A record batch that begins at the offset. */
export function batchOf(offset: bigint, ...values: readonly string[]): Buffer {
  const out = new Writer(64)
  writeBatch(
    out,
    values.map(value => ({ key: null, value: Buffer.from(value), headers: [] })),
    wallClock(),
  )
  const batch = Buffer.from(out.bytes)
  batch.writeBigInt64BE(offset)
  return batch
}

/** Where the client asked to go on, in a fetch request of one partition. */
export const fetchOffset = (body: Buffer): bigint => body.readBigInt64BE(4 + 4 + 4 + 4 + 1 + 4 + 4 + 4 + 3 + 4 + 4 + 4)

/** How many partitions it asked for. */
export const fetchCount = (body: Buffer): number => body.readInt32BE(4 + 4 + 4 + 4 + 1 + 4 + 4 + 4 + 3)

/** The batch as a producer of that id would write it in a transaction. */
export function inTransaction(producer: bigint, batch: Buffer): Buffer {
  batch.writeInt16BE(batch.readInt16BE(21) | 0x10, 21)
  batch.writeBigInt64BE(producer, 43)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}

/** The marker that ends a transaction: a control batch, whose one record has its kind in the key. */
export function marker(offset: bigint, producer: bigint, kind: 'commit' | 'abort'): Buffer {
  const out = new Writer(64)
  const key = Buffer.from(kind === 'commit' ? '00000001' : '00000000', 'hex')
  writeBatch(out, [{ key, value: Buffer.alloc(6), headers: [] }], wallClock())
  const batch = inTransaction(producer, Buffer.from(out.bytes))
  batch.writeBigInt64BE(offset)
  batch.writeInt16BE(0x30, 21)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}
