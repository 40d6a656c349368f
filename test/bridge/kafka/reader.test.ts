import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { access } from '../../../src/bridge/kafka/access.ts'
import { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import { Reader } from '../../../src/bridge/kafka/reader.ts'
import { events } from '../../../src/events.ts'
import { batchOf, fetchCount, fetched, fetchOffset, inTransaction, marker, scriptedNode } from '../../help/scripted.ts'
import { until } from '../../help/until.ts'

async function reading(
  t: TestContext,
  { partitions = 1, id = null }: { partitions?: number; id?: string | null } = {},
) {
  const node = await scriptedNode(partitions, id)
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
  const reader = new Reader(cluster, { topic: 't', partitions: [0], from: 'end', lost: 'earliest' }, ({ value }) => {
    if (String(value) === 'throws') throw new Error('a handler that fails')
    const done = performance.now() + 1
    if (String(value).startsWith('slow')) while (performance.now() < done);
    got.push(String(value))
  })
  t.after(async () => {
    events.reader.unsubscribe(listen)
    const closed = reader[Symbol.asyncDispose]()
    await cluster.close()
    await closed
    await node[Symbol.asyncDispose]()
  })
  return { node, cluster, reader, got, told, asked, fetches, open: (of: 'all' | number[] = [0]) => reader.open(of) }
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

test('whoever catches up with a long log lets the process do other things between its records, and stops there when it is closed', async t => {
  const it = await reading(t)
  const values = Array.from({ length: 200 }, (_, i) => `slow ${i}`)
  it.fetches.push(fetched(0, batchOf(0n, ...values)), fetched(0, batchOf(200n, ...values)))
  let turns = 0
  const turn = (): void => {
    if (it.got.length > 0 && it.got.length < 200) turns++
    if (it.got.length > 200) void it.reader[Symbol.asyncDispose]()
    else setImmediate(turn)
  }
  setImmediate(turn)
  await it.open()
  await until('closed in the middle of the second fetch', () => it.got.length > 200)
  await it.reader[Symbol.asyncDispose]()
  ok(turns >= 2, `${turns} turns while 200 records took a millisecond each`)
  deepEqual(it.got.slice(0, 200), values)
  ok(it.got.length < 400, `${it.got.length} records were handled, although it was closed`)
  deepEqual(it.asked, [0n, 200n])
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

test('what was cut off below is told, and it goes on where the log begins now', async t => {
  const it = await reading(t)
  it.node.end = 5n
  it.node.on('fetch', body => {
    it.asked.push(fetchOffset(body))
    if (it.asked.length > 2) return 'silence'
    if (it.asked.length === 2) return fetched(0, batchOf(9n, 'z'))
    Object.assign(it.node, { start: 9n, end: 12n })
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

test('a topic that was made anew is read from its beginning, though the old position is in it', async t => {
  const it = await reading(t, { id: 'aa'.repeat(16) })
  it.node.end = 5n
  it.fetches.push(fetched(0, batchOf(5n, 'a')))
  await it.open()
  await until('the second fetch', () => it.asked.length === 2)
  equal(it.reader.remadeAt, null)
  it.node.state.id = 'bb'.repeat(16)
  it.fetches.push(fetched(0, batchOf(0n, 'b')))
  it.cluster.refresh()
  it.node.cut()
  await until('the first record of the new one', () => it.got.length === 2)
  deepEqual(it.got, ['a', 'b'])
  deepEqual(it.asked.slice(2, 3), [0n])
  equal(it.told.includes('remade'), true)
  equal(typeof it.reader.remadeAt, 'number')
})

test('what was fetched of the topic that was is not taken for the new one’s', async t => {
  const it = await reading(t, { id: 'aa'.repeat(16) })
  it.node.on('fetch', body => {
    it.asked.push(fetchOffset(body))
    if (it.asked.length > 1) return 'silence'
    it.node.state.id = 'bb'.repeat(16)
    it.cluster.refresh()
    return 'silence'
  })
  await it.open()
  await until('it is known', () => it.told.includes('remade'))
  it.node.cut()
  await until('asked again', () => it.asked.length === 2)
  deepEqual([it.asked, it.got], [[0n, 0n], []])
})

test('whoever reads all of a topic reads the partitions too by which it grows', async t => {
  const it = await reading(t)
  it.node.end = 5n
  const asked: number[] = []
  it.node.on('fetch', body => {
    asked.push(fetchCount(body))
    return asked.at(-1) === 1 ? fetched(0) : 'silence'
  })
  await it.open('all')
  equal(it.reader.healthy, true)
  it.node.state.partitions = 3
  it.cluster.refresh()
  await until('all three are asked for', () => asked.at(-1) === 3)
})

test('a partition that is not there, or no longer, is absent, and nothing is read meanwhile', async t => {
  const it = await reading(t, { partitions: 3 })
  it.fetches.push(fetched(0, batchOf(0n, 'a'), { partition: 2 }))
  await it.open([2])
  equal(it.reader.absent, false)
  it.node.state.partitions = 2
  it.cluster.refresh()
  await until('it is noticed', () => it.reader.absent)
  equal(it.reader.healthy, false)
  it.node.state.topicCode = codes.unknownTopicOrPartition
  it.cluster.refresh()
  await until('gone', () => it.cluster.size('t') === 0)
  equal(it.reader.absent, true)
})

test('records of a transaction that was given up are not handed over', async t => {
  const it = await reading(t)
  const batches = [inTransaction(4n, batchOf(0n, 'void')), marker(1n, 4n, 'abort'), batchOf(2n, 'valid')]
  it.fetches.push(fetched(0, Buffer.concat(batches), { aborted: [{ producer: 4n, first: 0n }] }))
  await it.open()
  await until('the next fetch', () => it.asked.length === 2)
  deepEqual([it.got, it.asked], [['valid'], [0n, 3n]])
})

test('a transaction that is open is seen by answers without records, and that it has ended too', async t => {
  const it = await reading(t)
  it.fetches.push(fetched(0, Buffer.alloc(0), { high: 9n, stable: 0n }))
  await it.open()
  await until('the next fetch', () => it.asked.length === 2)
  equal(it.reader.heldBackMs > 0, true)
  equal(it.reader.healthy, true)
  it.fetches.push(fetched(0, batchOf(0n, 'a'), { high: 9n, stable: 9n }))
  it.node.cut()
  await until('the record', () => it.got.length === 1)
  equal(it.reader.heldBackMs, 0)
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
