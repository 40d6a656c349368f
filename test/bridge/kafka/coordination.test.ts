import { createRequire } from 'node:module'
import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import {
  committedRequest,
  coordinatorRequest,
  listRequest,
  shareLagRequest,
} from '../../../src/bridge/kafka/coordination.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'

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
const answer = (write: (out: Writer) => void): Buffer => {
  const out = new Writer(64)
  write(out)
  return Buffer.from(out.bytes)
}

test('a request for the coordinator is what kafkajs would write', async () => {
  deepEqual(
    await ours(coordinatorRequest('orders')),
    await theirs('findCoordinator/v1', { coordinatorKey: 'orders', coordinatorType: 0 }),
  )
})

test('a request for commits is what kafkajs would write', async () => {
  const topics = [{ topic: 't', partitions: [{ partition: 0 }, { partition: 1 }] }]
  deepEqual(
    await ours(committedRequest('orders', 't', 2)),
    await theirs('offsetFetch/v3', { groupId: 'orders', topics }),
  )
})

test('commits are read by partition, and the first failure of any of them counts', async () => {
  const commits = (code: number): Buffer =>
    answer(out => {
      out.int32(0)
      out.int32(1)
      out.string('t')
      out.int32(2)
      for (const [partition, offset, failed] of [
        [0, 41n, codes.none],
        [1, -1n, code],
      ] as const) {
        out.int32(partition)
        out.int64(offset)
        out.string('')
        out.int16(failed)
      }
      out.int16(0)
    })
  const { response } = committedRequest('orders', 't', 2)
  const offsets = new Map([
    [0, 41n],
    [1, -1n],
  ])
  deepEqual(await response.decode(commits(codes.none)), { code: 0, offsets })
  equal((await response.decode(commits(codes.topicAuthorizationFailed))).code, codes.topicAuthorizationFailed)
})

test('how far a share group is behind is read by partition, with the first failure of any', async () => {
  const lags = (code: number): Buffer =>
    answer(out => {
      out.int8(0)
      out.int32(0)
      out.raw(Buffer.from([2, 7, ...Buffer.from('orders'), 2, 2, ...Buffer.from('t'), ...Buffer.alloc(16), 3]))
      for (const [partition, start, lag] of [
        [0, 5n, 7n],
        [1, -1n, -1n],
      ] as const) {
        out.int32(partition)
        out.int64(start)
        out.int32(3)
        out.int64(lag)
        out.int16(partition === 1 ? code : 0)
        out.raw(Buffer.from([0, 0]))
      }
      out.int8(0)
      out.int16(0)
      out.raw(Buffer.from([0, 0, 0]))
    })
  const { request, response } = shareLagRequest('orders', 't', 2)
  deepEqual([request.apiKey, request.apiVersion], [90, 1])
  const read = new Map([
    [0, 7n],
    [1, -1n],
  ])
  deepEqual(await response.decode(lags(0)), { code: 0, lags: read })
  equal((await response.decode(lags(codes.groupAuthorizationFailed))).code, codes.groupAuthorizationFailed)
})

test('groups are listed with their types, whatever the types are', async () => {
  const text = (value: string): number[] => [value.length + 1, ...Buffer.from(value)]
  deepEqual([...(await ours(listRequest()))], [0, 1, 1, 0], 'of any state and type')
  const groups = [
    [...text('orders'), ...text('share'), ...text('Stable'), ...text('Share'), 0],
    [...text('other'), ...text(''), ...text('Empty'), ...text('swarm'), 1, 5, 1, 9],
  ]
  const listed = answer(out => out.raw(Buffer.from([0, 0, 0, 0, 0, 0, 0, 3, ...groups.flat(), 0])))
  deepEqual(await listRequest().response.decode(listed), {
    code: 0,
    types: new Map([
      ['orders', 'share'],
      ['other', 'swarm'],
    ]),
  })
})
