import type { Exchange } from 'kafkajs/src/network/connection.js'
import type { EpochMs } from '../../clock.ts'
import type { Acks, Outgoing } from '../broker.ts'
import type { Place } from '../past.ts'
import { Reader, Writer } from './bytes.ts'
import { writeBatch } from './records.ts'

/** Kafka's error codes, as far as anything here depends on them. The name of any other is its number. */
export const codes = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  coordinatorLoadInProgress: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  invalidRequiredAcks: 21,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  invalidTimestamp: 32,
  unsupportedVersion: 35,
  topicAlreadyExists: 36,
  kafkaStorageError: 56,
  groupIdNotFound: 69,
  invalidRecord: 87,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
} as const
const codeNames = new Map<number, string>(
  Object.entries(codes).map(([name, code]) => [code, name.replace(/[A-Z]/g, '_$&').toUpperCase()]),
)
export const codeName = (code: number): string => codeNames.get(code) ?? `error ${code}`

/** A request whose body is written at once and whose answer is handed out as it was read. */
export function exchange<T>(
  api: Readonly<{ key: number; version: number; name: string; answered?: boolean }>,
  write: (out: Writer) => void,
  read: (from: Reader) => T,
): Exchange<T> {
  return {
    request: {
      apiKey: api.key,
      apiVersion: api.version,
      apiName: api.name,
      ...(api.answered === false && { expectResponse: () => false }),
      encode: async () => {
        const out = new Writer(1_024)
        write(out)
        return { buf: out.bytes, buffer: out.bytes } // what kafkajs asks of an encoder
      },
    },
    response: { decode: async payload => read(new Reader(payload)), parse: async decoded => decoded },
  }
}

export type PartitionOffset = Readonly<{ partition: number; code: number; offset: bigint }>

/** ListOffsets, version 3: the end (−1) or the beginning (−2) of partitions of one topic, or the first at a time (−1: none). */
export const offsetsRequest = (
  topic: string,
  partitions: readonly number[],
  of: Place,
): Exchange<readonly PartitionOffset[]> =>
  exchange(
    { key: 2, version: 3, name: 'ListOffsets' },
    out => {
      out.int32(-1)
      out.int8(0)
      out.int32(1)
      out.string(topic)
      out.int32(partitions.length)
      for (const partition of partitions) {
        out.int32(partition)
        out.int64(of === 'end' ? -1n : of === 'earliest' ? -2n : BigInt(of))
      }
    },
    from => {
      from.int32()
      return from
        .array(() => {
          from.string()
          return from.array(() => {
            const partition = from.int32()
            const code = from.int16()
            from.int64()
            return { partition, code, offset: from.int64() }
          })
        })
        .flat()
    },
  )

export type Produce = Readonly<{
  acks: Acks
  timeoutMs: number
  timestamp: EpochMs
  /** Records by topic and partition. */
  topics: ReadonlyMap<string, ReadonlyMap<number, readonly Pick<Outgoing, 'key' | 'value' | 'headers'>[]>>
}>
export type Produced = Readonly<{ topic: string; partition: number; code: number; baseOffset: bigint }>

const acksNumber = { all: -1, leader: 1, none: 0 } as const

/** Produce, version 7: one batch for each partition. The answer says of each partition what became of it. */
export const produceRequest = ({ acks, timeoutMs, timestamp, topics }: Produce): Exchange<readonly Produced[]> =>
  exchange(
    { key: 0, version: 7, name: 'Produce', answered: acks !== 'none' },
    out => {
      out.int16(-1)
      out.int16(acksNumber[acks])
      out.int32(timeoutMs)
      out.int32(topics.size)
      for (const [topic, partitions] of topics) {
        out.string(topic)
        out.int32(partitions.size)
        for (const [partition, records] of partitions) {
          out.int32(partition)
          const length = out.at
          out.int32(0)
          writeBatch(out, records, timestamp)
          out.int32At(length, out.at - length - 4)
        }
      }
    },
    from => {
      const produced = from
        .array(() => {
          const topic = from.string() ?? ''
          return from.array(() => {
            const answer = { topic, partition: from.int32(), code: from.int16(), baseOffset: from.int64() }
            from.skip(16)
            return answer
          })
        })
        .flat()
      return produced
    },
  )
