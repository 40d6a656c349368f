import type { Exchange } from 'kafkajs/src/network/connection.js'
import type { EpochMs } from '../../clock.ts'
import type { Acks, Outgoing } from '../broker.ts'
import type { Place } from '../past.ts'
import { Reader, Writer } from './bytes.ts'
import { writeBatch } from './records.ts'
import type { Numbered } from './records.ts'

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
  outOfOrderSequenceNumber: 45,
  duplicateSequenceNumber: 46,
  invalidProducerEpoch: 47,
  kafkaStorageError: 56,
  unknownProducerId: 59,
  groupIdNotFound: 69,
  invalidRecord: 87,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
} as const
const codeNames = new Map<number, string>(
  Object.entries(codes).map(([name, code]) => [code, name.replace(/[A-Z]/g, '_$&').toUpperCase()]),
)
export const codeName = (code: number): string => codeNames.get(code) ?? `error ${code}`

/** `throttleAt` is where the answer says for how long the broker holds the connection back (KIP-219), from its end when negative. */
type Api = Readonly<{ key: number; version: number; name: string; answered?: boolean; throttleAt?: number }>

/** A request whose body is written at once and whose answer is handed out as it was read. */
export function exchange<T>(api: Api, write: (out: Writer) => void, read: (from: Reader) => T): Exchange<T> {
  const asked: Exchange<T> = {
    throttleMs: 0,
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
    response: {
      decode: async payload => {
        if (api.throttleAt !== undefined)
          asked.throttleMs = payload.readInt32BE((api.throttleAt + payload.length) % payload.length)
        return read(new Reader(payload))
      },
      parse: async decoded => decoded,
    },
  }
  return asked
}

export type PartitionOffset = Readonly<{ partition: number; code: number; offset: bigint }>

/** ListOffsets, version 3: the end (−1) or the beginning (−2) of partitions of one topic, or the first at a time (−1: none). */
export const offsetsRequest = (
  topic: string,
  partitions: readonly number[],
  of: Place,
): Exchange<readonly PartitionOffset[]> =>
  exchange(
    { key: 2, version: 3, name: 'ListOffsets', throttleAt: 0 },
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

/** `number` is null where nobody is to weed out doubles. */
export type ProducedBatch = Readonly<{
  records: readonly Pick<Outgoing, 'key' | 'value' | 'headers'>[]
  number: Numbered | null
}>
export type Produce = Readonly<{
  acks: Acks
  timeoutMs: number
  timestamp: EpochMs
  /** One batch by topic and partition. */
  topics: ReadonlyMap<string, ReadonlyMap<number, ProducedBatch>>
}>
export type Produced = Readonly<{ topic: string; partition: number; code: number; baseOffset: bigint }>

const acksNumber = { all: -1, leader: 1, none: 0 } as const

/** Produce, version 7: one batch for each partition. The answer says of each partition what became of it. */
export const produceRequest = ({ acks, timeoutMs, timestamp, topics }: Produce): Exchange<readonly Produced[]> =>
  exchange(
    { key: 0, version: 7, name: 'Produce', answered: acks !== 'none', throttleAt: -4 },
    out => {
      out.int16(-1)
      out.int16(acksNumber[acks])
      out.int32(timeoutMs)
      out.int32(topics.size)
      for (const [topic, partitions] of topics) {
        out.string(topic)
        out.int32(partitions.size)
        for (const [partition, { records, number }] of partitions) {
          out.int32(partition)
          const length = out.at
          out.int32(0)
          writeBatch(out, records, timestamp, number)
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

export type ProducerId = Readonly<{ code: number; id: bigint; epoch: number }>
/** The number of InitProducerId. */
export const producerIdApi = 22

/** InitProducerId, version 1, without a transaction: a name under which brokers weed out doubles. */
export const producerIdRequest = (): Exchange<ProducerId> =>
  exchange(
    { key: producerIdApi, version: 1, name: 'InitProducerId', throttleAt: 0 },
    out => {
      out.int16(-1)
      out.int32(2_147_483_647) // the longest transaction, and there is none
    },
    from => {
      from.int32()
      return { code: from.int16(), id: from.int64(), epoch: from.int16() }
    },
  )
