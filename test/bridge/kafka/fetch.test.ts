import { createRequire } from 'node:module'
import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import { fetchRequest } from '../../../src/bridge/kafka/fetch.ts'
import { compactLength } from '../../../src/bridge/kafka/flexible.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import { fetched } from '../../help/scripted.ts'

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

const aFetch = { topic: 't', id: null, positions: new Map([[2, 77n]]), maxWaitMs: 500, maxBytes: 1_000 }
const id = 'cd'.repeat(16)

test('a fetch request is what kafkajs would write', async () => {
  const topics = [{ topic: 't', partitions: [{ partition: 2, fetchOffset: '77', maxBytes: 1_000 }] }]
  deepEqual(
    await ours(fetchRequest(aFetch)),
    await theirs('fetch/v11', { replicaId: -1, maxWaitTime: 500, minBytes: 1, maxBytes: 1_000, topics }),
  )
})

test('a topic whose id is known is asked for by it, where the node can', async () => {
  const byId = fetchRequest({ ...aFetch, id }, (api, version) => api === 1 && version <= 13)
  deepEqual([byId.request.apiVersion, (await ours(byId)).includes(Buffer.from(id, 'hex'))], [13, true])
  deepEqual(fetchRequest({ ...aFetch, id }, () => false).request.apiVersion, 11)
  deepEqual(fetchRequest(aFetch, () => true).request.apiVersion, 11)
})

test('of a partition it is told how far it is decided, which transactions were given up, and what is in it', async () => {
  const out = new Writer()
  out.int8(0)
  out.int32(0)
  out.int16(0)
  out.int32(0)
  compactLength(out, 1)
  out.raw(Buffer.from(id, 'hex'))
  compactLength(out, 1)
  out.int32(2)
  out.int16(0)
  for (const offset of [90n, 80n, 3n]) out.int64(offset)
  compactLength(out, 1)
  out.int64(4n)
  out.int64(78n)
  out.int8(0)
  out.int32(-1)
  compactLength(out, 3)
  out.raw(Buffer.from('abc'))
  out.raw(Buffer.from([0, 0, 0]))
  const [answer] = await fetchRequest({ ...aFetch, id }, () => true).response.decode(out.bytes)
  deepEqual(answer, {
    partition: 2,
    code: 0,
    highWatermark: 90n,
    lastStable: 80n,
    first: 3n,
    aborted: [{ producer: 4n, first: 78n }],
    batches: Buffer.from('abc'),
  })
  const [older] = await fetchRequest(aFetch).response.decode(fetched(codes.none, Buffer.from('abc')))
  deepEqual([older!.partition, older!.aborted, String(older!.batches)], [0, [], 'abc'])
})

test('what the node refuses as a whole, it refuses of every partition', async () => {
  const out = new Writer()
  out.int32(0)
  out.int16(codes.kafkaStorageError)
  out.int32(0)
  out.int32(0)
  const answers = await fetchRequest(aFetch).response.decode(out.bytes)
  deepEqual(
    answers.map(({ partition, code }) => [partition, code]),
    [[2, codes.kafkaStorageError]],
  )
})
