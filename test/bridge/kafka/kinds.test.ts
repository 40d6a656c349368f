import { createRequire } from 'node:module'
import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import {
  consumerGroupRequest,
  groupRequest,
  shareGroupRequest,
  streamsGroupRequest,
} from '../../../src/bridge/kafka/kinds.ts'
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

test('a request to describe a group is what kafkajs would write', async () => {
  deepEqual(await ours(groupRequest('orders')), await theirs('describeGroups/v1', { groupIds: ['orders'] }))
})

test('of a group only what is needed is read: its state and how many members it has', async () => {
  const group = answer(out => {
    out.int32(0)
    out.int32(1)
    out.int16(0)
    for (const text of ['orders', 'Stable', 'consumer', 'range']) out.string(text)
    out.int32(3) // and then the members, cut off here
  })
  deepEqual(await groupRequest('orders').response.decode(group), {
    code: 0,
    state: 'Stable',
    members: 3,
    holding: null,
  })
})

const text = (value: string): number[] => [value.length + 1, ...Buffer.from(value)]
const texts = (...all: string[]): number[] => all.flatMap(text)
const id = Buffer.alloc(16)
/** An assignment of one partition of that topic, or of none. */
const assigned = (topic: string | null): number[] =>
  topic === null ? [1, 0] : [2, ...id, ...text(topic), 2, 0, 0, 0, 0, 0, 0]

/** The answer to one of the newer requests, up to the epochs. */
const newer = (state: string, rest: readonly number[]): Buffer =>
  answer(out => {
    out.raw(Buffer.from([1, 5, 2, 9, 9])) // a tagged field of the header, which nobody knows
    out.int32(0)
    out.int8(2)
    out.int16(0)
    out.int8(0) // no message
    out.raw(Buffer.from([...text('orders'), ...text(state)]))
    out.int32(4)
    out.int32(4)
    out.raw(Buffer.from(rest))
  })

test('a consumer group is asked for and read in compact form: its members, and who of them holds something', async () => {
  deepEqual([...(await ours(consumerGroupRequest('orders', 't')))], [0, 2, ...text('orders'), 0, 0])
  const member = (topic: string | null): number[] => [
    ...text('m'),
    ...Buffer.from([0, 0, 0, 0, 0, 1]),
    ...texts('client', '/127.0.0.1'),
    ...Buffer.from([2, ...text('t'), 0]),
    ...assigned(topic),
    ...assigned('t'),
    0,
  ]
  const group = newer('Reconciling', [...text('uniform'), 4, ...member('t'), ...member('other'), ...member(null)])
  const read = { code: 0, state: 'Reconciling', members: 3, holding: 1 }
  deepEqual(await consumerGroupRequest('orders', 't').response.decode(group), read)
})

test('a share group is read with who holds something: it is stable before anybody does', async () => {
  const member = (topic: string | null): number[] => [
    ...text('m'),
    ...Buffer.from([0, 0, 0, 0, 1]),
    ...texts('client', '/127.0.0.1'),
    ...Buffer.from([2, ...text('t')]),
    ...assigned(topic),
    0,
  ]
  const { request, response } = shareGroupRequest('orders', 't')
  deepEqual([request.apiKey, request.apiVersion], [77, 1])
  const fresh = newer('Stable', [...text('simple'), 2, ...member(null)])
  deepEqual(await response.decode(fresh), { code: 0, state: 'Stable', members: 1, holding: 0 })
  const served = newer('Stable', [...text('simple'), 3, ...member('t'), ...member('t')])
  deepEqual(await response.decode(served), { code: 0, state: 'Stable', members: 2, holding: 2 })
})

test('a streams group is read with its members, behind its topology', async () => {
  const info = [2, ...text('log'), 0, 0, 0, 1, 0, 1, 2, ...text('k'), ...text('v'), 0, 0]
  const topology = [1, 0, 0, 0, 1, 2, ...text('0'), 2, ...text('t'), 1, ...info, 1, 0, 0]
  const { request, response } = streamsGroupRequest('orders', 't')
  deepEqual([request.apiKey, request.apiVersion], [89, 0])
  const read = { code: 0, state: 'Stable', members: 2, holding: null }
  deepEqual(await response.decode(newer('Stable', [...topology, 3])), read)
  deepEqual(await response.decode(newer('Stable', [0xff, 3])), read)
})

test('a group of another kind is told as not there', async () => {
  const other = answer(out => {
    out.int8(0)
    out.int32(0)
    out.int8(2)
    out.int16(codes.groupIdNotFound)
    out.raw(Buffer.from([...text('not a share group'), ...text('orders'), 1]))
  })
  const { code, members } = await shareGroupRequest('orders', 't').response.decode(
    Buffer.concat([other, Buffer.alloc(16)]),
  )
  deepEqual([code, members], [codes.groupIdNotFound, 0])
})

test('a group whose name needs a longer length than a byte is asked for whole', async () => {
  const name = 'g'.repeat(200)
  const request = await ours(consumerGroupRequest(name, 't'))
  deepEqual([...request.subarray(2, 4)], [0xc9, 0x01])
  deepEqual(request.subarray(4, 204).toString(), name)
})
