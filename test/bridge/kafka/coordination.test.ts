import { createRequire } from 'node:module'
import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import {
  committedRequest,
  consumerGroupRequest,
  coordinatorRequest,
  groupRequest,
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

test('a request to describe a group is what kafkajs would write', async () => {
  deepEqual(await ours(groupRequest('orders')), await theirs('describeGroups/v1', { groupIds: ['orders'] }))
})

test('a request for commits is what kafkajs would write', async () => {
  const topics = [{ topic: 't', partitions: [{ partition: 0 }, { partition: 1 }] }]
  deepEqual(
    await ours(committedRequest('orders', 't', 2)),
    await theirs('offsetFetch/v3', { groupId: 'orders', topics }),
  )
})

test('of a group only what is needed is read: its state and how many members it has', async () => {
  const group = answer(out => {
    out.int32(0)
    out.int32(1)
    out.int16(0)
    for (const text of ['orders', 'Stable', 'consumer', 'range']) out.string(text)
    out.int32(3) // and then the members, cut off here
  })
  deepEqual(await groupRequest('orders').response.decode(group), { code: 0, state: 'Stable', members: 3 })
})

test('a group of the newer protocol is asked for and read in compact form', async () => {
  const request = await ours(consumerGroupRequest('orders'))
  deepEqual([...request], [0, 2, 7, ...Buffer.from('orders'), 0, 0])
  const group = answer(out => {
    out.raw(Buffer.from([1, 5, 2, 9, 9])) // a tagged field of the header, which nobody knows
    out.int32(0)
    out.int8(2)
    out.int16(0)
    out.int8(0) // no message
    out.raw(Buffer.from([7, ...Buffer.from('orders'), 12, ...Buffer.from('Reconciling')]))
    out.int32(4)
    out.int32(4)
    out.raw(Buffer.from([8, ...Buffer.from('uniform')]))
    out.raw(Buffer.from([0xad, 0x02])) // 300 members and one
  })
  const read = { code: 0, state: 'Reconciling', members: 300 }
  deepEqual(await consumerGroupRequest('orders').response.decode(group), read)
})

test('a group whose name needs a longer length than a byte is asked for whole', async () => {
  const name = 'g'.repeat(200)
  const request = await ours(consumerGroupRequest(name))
  deepEqual([...request.subarray(2, 4)], [0xc9, 0x01])
  equal(request.subarray(4, 204).toString(), name)
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
