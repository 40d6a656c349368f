import { createRequire } from 'node:module'
import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import { compactLength, compactString } from '../../../src/bridge/kafka/flexible.ts'
import { metadataRequest } from '../../../src/bridge/kafka/metadata.ts'

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

test('a metadata request is what kafkajs would write', async () => {
  deepEqual(
    await ours(metadataRequest(['a', 'b'])),
    await theirs('metadata/v5', { topics: ['a', 'b'], allowAutoTopicCreation: false }),
  )
})

test('newer brokers also say which topic has the name', async () => {
  const request = metadataRequest(['t'], (api, version) => api === 3 && version <= 12)
  deepEqual(request.request.apiVersion, 12)
  deepEqual((await ours(request)).toString('hex'), `0002${'00'.repeat(16)}027400000000`)
  const out = new Writer()
  out.int8(0)
  out.int32(0)
  compactLength(out, 1)
  out.int32(7)
  compactString(out, 'host')
  out.int32(9092)
  out.raw(Buffer.from([0, 0]))
  compactString(out, 'cluster')
  out.int32(7)
  compactLength(out, 1)
  out.int16(0)
  compactString(out, 't')
  out.raw(Buffer.alloc(16, 0xab))
  out.int8(0)
  compactLength(out, 1)
  out.int16(0)
  for (const number of [2, 7, 5]) out.int32(number)
  for (let list = 0; list < 3; list++) {
    compactLength(out, 1)
    out.int32(7)
  }
  out.int8(0)
  out.int32(0)
  out.raw(Buffer.from([0, 0]))
  deepEqual(await request.response.decode(out.bytes), {
    nodes: [{ id: 7, host: 'host', port: 9092 }],
    topics: [{ code: 0, name: 't', id: 'ab'.repeat(16), partitions: [{ code: 0, partition: 2, leader: 7 }] }],
  })
})
