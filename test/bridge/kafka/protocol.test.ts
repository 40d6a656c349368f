import { createRequire } from 'node:module'
import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { codeName, codes, offsetsRequest, produceRequest } from '../../../src/bridge/kafka/protocol.ts'
import type { EpochMs } from '../../../src/clock.ts'
import { readBatches } from '../../../src/bridge/kafka/records.ts'

type Encoded = { buffer: Buffer }
/** The same request written by kafkajs: a second opinion on the wire. */
const theirs = async (path: string, options: object): Promise<Buffer> => {
  const request = createRequire(import.meta.url)(`kafkajs/src/protocol/requests/${path}/request`) as (
    options: object,
  ) => { encode: () => Promise<Encoded> }
  return (await request(options).encode()).buffer
}
const ours = async (exchange: { request: { encode: () => Promise<unknown> } }): Promise<Buffer> =>
  ((await exchange.request.encode()) as Encoded).buffer

test('a request for offsets is what kafkajs would write', async () => {
  const topics = [{ topic: 't', partitions: [{ partition: 3, timestamp: '-1' }] }]
  deepEqual(
    await ours(offsetsRequest('t', [3], 'end')),
    await theirs('listOffsets/v3', { replicaId: -1, isolationLevel: 0, topics }),
  )
})

test('a produce request is what kafkajs would write, around the same records', async () => {
  const record = { key: Buffer.from('k'), value: Buffer.from('v'), headers: [['h', Buffer.from('x')] as const] }
  const written = await ours(
    produceRequest({
      acks: 'all',
      timeoutMs: 1_000,
      timestamp: 1_000_000 as EpochMs,
      topics: new Map([['t', new Map([[4, { records: [record], number: null }]])]]),
    }),
  )
  const messages = [
    { key: record.key, value: record.value, headers: { h: record.headers[0]![1] }, timestamp: 1_000_000 },
  ]
  const expected = await theirs('produce/v7', {
    acks: -1,
    timeout: 1_000,
    topicData: [{ topic: 't', partitions: [{ partition: 4, messages }] }],
  })
  equal(written.length, expected.length)
  const batchAt = 2 + 2 + 4 + 4 + 3 + 4 + 4 + 4
  deepEqual(written.subarray(0, batchAt), expected.subarray(0, batchAt))
  const values = (batch: Buffer): string[] => {
    const all: string[] = []
    const skipped: string[] = []
    const onSkipped = (reason: string): void => void skipped.push(reason)
    for (const { records } of readBatches(batch, { topic: 't', partition: 4, from: 0n, onSkipped }))
      for (const { key, value, headers } of records) all.push(`${key} ${value} ${headers[0]![0]} ${headers[0]![1]}`)
    deepEqual(skipped, [])
    return all
  }
  deepEqual(values(written.subarray(batchAt)), ['k v h x'])
  deepEqual(values(expected.subarray(batchAt)), ['k v h x'])
})

test('error codes have Kafka’s names, and unknown ones their number', () => {
  equal(codeName(codes.notEnoughReplicasAfterAppend), 'NOT_ENOUGH_REPLICAS_AFTER_APPEND')
  equal(codeName(codes.unknownTopicOrPartition), 'UNKNOWN_TOPIC_OR_PARTITION')
  equal(codeName(-1), 'error -1')
})
