import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { access } from '../../../src/bridge/kafka/access.ts'
import { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import { Reader } from '../../../src/bridge/kafka/reader.ts'
import { events } from '../../../src/events.ts'
import { batchOf, fetched, fetchOffset, scriptedNode } from '../../help/scripted.ts'
import { until } from '../../help/until.ts'

async function reading(t: TestContext) {
  const node = await scriptedNode()
  const cluster = new Cluster(access(Config.parse({ routes: {}, broker: { brokers: node.brokers } }).broker))
  cluster.start(['t'])
  await until('connected', () => cluster.link(1, 'produce'))
  const got: string[] = []
  const told: string[] = []
  const listen = ({ kind }: { kind: string }): void => void told.push(kind)
  events.reader.subscribe(listen)
  const asked: bigint[] = []
  const fetches: (Buffer | 'silence' | 'hang-up')[] = []
  node.on('fetch', body => {
    asked.push(fetchOffset(body))
    return fetches.shift() ?? 'silence'
  })
  const reader = new Reader(cluster, { topic: 't', partitions: [0], from: 'end' }, ({ value }) => {
    if (String(value) === 'throws') throw new Error('a handler that fails')
    got.push(String(value))
  })
  t.after(async () => {
    events.reader.unsubscribe(listen)
    const closed = reader[Symbol.asyncDispose]()
    await cluster.close()
    await closed
    await node[Symbol.asyncDispose]()
  })
  return { node, cluster, reader, got, told, asked, fetches, open: () => reader.open([0]) }
}

test('begins at the end of the log, and goes on behind what it has handled', async t => {
  const it = await reading(t)
  it.node.end = 40n
  it.fetches.push(fetched(0, batchOf(40n, 'a', 'b')), fetched(0), fetched(0, batchOf(42n, 'c')))
  await it.open()
  await until('all three', () => it.asked.length === 4)
  deepEqual(it.got, ['a', 'b', 'c'])
  deepEqual(it.asked, [40n, 42n, 42n, 43n])
})

test('a lost connection is no health, and afterwards it goes on where it was', async t => {
  const it = await reading(t)
  it.fetches.push(fetched(0, batchOf(0n, 'a')))
  await it.open()
  await until('the second fetch', () => it.asked.length === 2)
  equal(it.reader.healthy, true)
  it.fetches.push(fetched(0, batchOf(1n, 'b')), fetched(0))
  it.node.cut()
  await until('ill', () => !it.reader.healthy)
  await until('the next record', () => it.got.length === 2)
  deepEqual(it.got, ['a', 'b'])
  await until('well', () => it.reader.healthy)
})

test('out of range goes to the end, and is told', async t => {
  const it = await reading(t)
  it.node.end = 5n
  it.node.on('fetch', body => {
    it.asked.push(fetchOffset(body))
    if (it.asked.length > 2) return 'silence'
    if (it.asked.length === 2) return fetched(0, batchOf(9n, 'z'))
    it.node.end = 9n
    return fetched(codes.offsetOutOfRange)
  })
  await it.open()
  await until('the record', () => it.got.length === 1)
  deepEqual(it.asked.slice(0, 2), [5n, 9n])
  deepEqual(
    it.told.filter(kind => kind === 'repositioned'),
    ['repositioned'],
  )
})

test('another error code is told once, refreshes what is known, and is tried again', async t => {
  const it = await reading(t)
  it.fetches.push(fetched(codes.notLeaderOrFollower), fetched(codes.notLeaderOrFollower), fetched(0, batchOf(0n, 'a')))
  void it.open()
  await until('the record', () => it.got.length === 1)
  await until('recovered', () => it.told.includes('recovered'))
  deepEqual(
    it.told.filter(kind => kind === 'failed'),
    ['failed'],
  )
})

test('a broken batch is passed and told, and what follows arrives', async t => {
  const it = await reading(t)
  const broken = batchOf(0n, 'x')
  broken[66]! ^= 1
  it.fetches.push(fetched(0, Buffer.concat([broken, batchOf(1n, 'y')])))
  await it.open()
  await until('the record behind it', () => it.got.length === 1)
  deepEqual(it.got, ['y'])
  deepEqual(it.told, ['skipped'])
})

test('a handler that throws stops neither the others nor the reading', async t => {
  const it = await reading(t)
  it.fetches.push(fetched(0, batchOf(0n, 'throws', 'b')), fetched(0, batchOf(2n, 'c')))
  await it.open()
  await until('the others', () => it.got.length === 2)
  deepEqual(it.got, ['b', 'c'])
})
