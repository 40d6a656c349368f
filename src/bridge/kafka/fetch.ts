import type { Exchange } from 'kafkajs/src/network/connection.js'
import type { Reader, Writer } from './bytes.ts'
import { compactLength, noTags, readArray, readId, readLength, tags, writeId } from './flexible.ts'
import { codes, exchange } from './protocol.ts'

export type Fetch = Readonly<{
  topic: string
  id: string | null // null: the topic is asked for by its name, whichever topic has it by now
  positions: ReadonlyMap<number, bigint>
  maxWaitMs: number
  maxBytes: number
}>
/** A transaction that was given up: the records of this producer from this offset to the marker that ends it are void. */
export type Aborted = Readonly<{ producer: bigint; first: bigint }>
/** Offsets are −1 with an error. */
export type Fetched = Readonly<{
  partition: number
  code: number
  highWatermark: bigint // everything below is on enough replicas
  lastStable: bigint // everything below is decided: a transaction that is open begins there
  first: bigint // the oldest offset that is kept
  aborted: readonly Aborted[]
  batches: Buffer | null
}>

const api = { key: 1, name: 'Fetch' }
/** The version that asks for a topic by its id; brokers know it from 3.1 on. */
const byId = 13
const readCommitted = 1

/** Fetches partitions of one topic, without a session: by its id where that is known, and the node can. Reads only what is committed. */
export const fetchRequest = (fetch: Fetch, knows = olderOnly): Exchange<readonly Fetched[]> =>
  fetch.id !== null && knows(api.key, byId) ? newer(fetch, fetch.id) : older(fetch)

const olderOnly = (_api: number, _version: number): boolean => false

function begin(out: Writer, { maxWaitMs, maxBytes }: Fetch): void {
  out.int32(-1)
  out.int32(maxWaitMs)
  out.int32(1)
  out.int32(maxBytes)
  out.int8(readCommitted)
  out.int32(0)
  out.int32(-1)
}

/** Version 11. */
const older = (fetch: Fetch): Exchange<readonly Fetched[]> =>
  exchange(
    { ...api, version: 11, throttleAt: 0 },
    out => {
      begin(out, fetch)
      out.int32(1)
      out.string(fetch.topic)
      out.int32(fetch.positions.size)
      for (const [partition, offset] of fetch.positions) {
        out.int32(partition)
        out.int32(-1)
        out.int64(offset)
        out.int64(-1n)
        out.int32(fetch.maxBytes)
      }
      out.int32(0)
      out.string('')
    },
    from => {
      const failed = head(from)
      const fetched = from
        .array(() => {
          from.string()
          return from.array((): Fetched => {
            const about = partitionHead(from)
            const aborted = from.array(() => ({ producer: from.int64(), first: from.int64() }))
            from.int32()
            return { ...about, aborted, batches: content(from, from.int32()) }
          })
        })
        .flat()
      return failed === codes.none ? fetched : failedAll(fetch, failed)
    },
  )

const newer = (fetch: Fetch, id: string): Exchange<readonly Fetched[]> =>
  exchange(
    { ...api, version: byId, throttleAt: 1 },
    out => {
      noTags(out)
      begin(out, fetch)
      compactLength(out, 1)
      writeId(out, id)
      compactLength(out, fetch.positions.size)
      for (const [partition, offset] of fetch.positions) {
        out.int32(partition)
        out.int32(-1)
        out.int64(offset)
        out.int32(-1)
        out.int64(-1n)
        out.int32(fetch.maxBytes)
        noTags(out)
      }
      noTags(out)
      compactLength(out, 0)
      compactLength(out, 0)
      noTags(out)
    },
    from => {
      tags(from)
      const failed = head(from)
      const fetched = readArray(from, () => {
        readId(from)
        const some = readArray(from, (): Fetched => {
          const about = partitionHead(from)
          const aborted = readArray(from, () => {
            const one = { producer: from.int64(), first: from.int64() }
            tags(from)
            return one
          })
          from.int32()
          const batches = content(from, readLength(from))
          tags(from)
          return { ...about, aborted, batches }
        })
        tags(from)
        return some
      }).flat()
      return failed === codes.none ? fetched : failedAll(fetch, failed)
    },
  )

function head(from: Reader): number {
  from.int32()
  const failed = from.int16()
  from.int32()
  return failed
}

function partitionHead(from: Reader): Pick<Fetched, 'partition' | 'code' | 'highWatermark' | 'lastStable' | 'first'> {
  return {
    partition: from.int32(),
    code: from.int16(),
    highWatermark: from.int64(),
    lastStable: from.int64(),
    first: from.int64(),
  }
}

const content = (from: Reader, size: number): Buffer | null => (size <= 0 ? null : from.raw(size))

const failedAll = ({ positions }: Fetch, code: number): readonly Fetched[] =>
  Array.from(positions.keys(), partition => ({
    partition,
    code,
    highWatermark: -1n,
    lastStable: -1n,
    first: -1n,
    aborted: [],
    batches: null,
  }))
