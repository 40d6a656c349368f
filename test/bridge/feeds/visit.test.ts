import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { Stream as StreamSchema } from '../../../config/schema/stream.ts'
import { Places } from '../../../src/bridge/feeds/places.ts'
import type { Position } from '../../../src/bridge/feeds/position.ts'
import { Stream } from '../../../src/bridge/feeds/stream.ts'
import { Tail } from '../../../src/bridge/feeds/tail.ts'
import { Visitor } from '../../../src/bridge/feeds/visit.ts'
import { MemoryBroker } from '../../../src/bridge/memory.ts'
import type { Sink, Told } from '../../../src/feed.ts'
import type { Past } from '../../../src/bridge/past.ts'
import { aRecord } from '../../help/record.ts'
import { until } from '../../help/until.ts'

const signal = new AbortController().signal

/** A client that counts what it is told by partition, and leaves after so many records. */
class Client implements Sink {
  readonly told: Told[] = []
  readonly gaps: number[] = []
  gone = false
  ended = false
  position = ''
  readonly #leaveAfter: number

  constructor(leaveAfter = Infinity) {
    this.#leaveAfter = leaveAfter
  }

  readonly format = {
    name: 'sse' as const,
    record: (told: Told) => Buffer.from(JSON.stringify({ ...told, offset: Number(told.offset) })),
    gap: ({ missed }: { missed: number }) => Buffer.from(`{"missed":${missed}}`),
    beat: (id: string | null) => Buffer.from(JSON.stringify({ id })),
    lagging: () => Buffer.from('{}'),
    end: () => Buffer.from('{}'),
  }
  write(bytes: Buffer): boolean {
    for (const one of bytes.toString().replaceAll('}{', '}\n{').split('\n')) {
      const told = JSON.parse(one) as Partial<Told> & { missed?: number }
      if (told.missed !== undefined) this.gaps.push(told.missed)
      if (this.gone) continue // what comes behind the cut is lost to it
      if (typeof told.id === 'string') this.position = told.id
      if (told.topic !== undefined) this.told.push(told as Told)
      if (this.told.length >= this.#leaveAfter) this.gone = true
    }
    return true
  }
  drained = () => Promise.resolve()
  lag = () => {}
  end = () => void (this.ended = true)
}

test('a client that is cut at random, again and again, hears each record once and in the order of its partition', async () => {
  const broker = new MemoryBroker()
  const partitions = 6
  await broker.admin.create([{ name: 'orders', partitions, replication: 1, config: {} }])
  const count = { published: 0, cuts: 0 }
  const publish = () =>
    broker.publish({
      topic: 'orders',
      partition: Math.floor(Math.random() * partitions),
      key: null,
      value: Buffer.from(`${count.published++}`),
      headers: [],
      acks: 'all',
      signal,
    })
  for (let n = 0; n < 500; n++) await publish()
  await using tail = new Tail(broker, 'orders', { records: 20, bytes: 100_000 })
  await tail.open()
  using stream = new Stream('orders', StreamSchema.parse({ topics: ['orders'], heartbeatMs: 3_600_000 }), [tail], null)
  const parts = { stream, past: broker.past, places: new Places(2) }

  const ledger: number[][] = Array.from({ length: partitions }, () => [])
  let start: Position = { offsets: [Array<number>(partitions).fill(0)], logs: [0] }
  while (count.cuts < 300 || count.published < 3_000) {
    const client = new Client(1 + Math.floor(Math.random() * 30))
    using _visitor = new Visitor(parts, { wish: [], start, until: null }, client)
    while (!client.gone) {
      for (let n = Math.random() * 5; n > 0 && count.published < 20_000; n--) await publish()
      await turn()
    }
    for (const { partition, text } of client.told) ledger[partition]!.push(Number(text))
    start = stream.codec.decode(client.position)
    count.cuts++
  }
  const last = new Client()
  using _visitor = new Visitor(parts, { wish: [], start, until: null }, last)
  const told = () => ledger.reduce((sum, { length }) => sum + length, 0) + last.told.length
  await until('all has come', () => told() >= count.published)
  for (const { partition, text } of last.told) ledger[partition]!.push(Number(text))
  for (const some of ledger)
    deepEqual(
      some,
      some.toSorted((a, b) => a - b),
      'in the order of the partition',
    )
  const all = ledger.flat()
  equal(all.length, count.published)
  equal(new Set(all).size, count.published)
})

test('a visit with an end comes to it, also behind offsets without records', async () => {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'orders', partitions: 1, replication: 1, config: {} }])
  await using tail = new Tail(broker, 'orders', { records: 20, bytes: 100_000 })
  await tail.open()
  tail.windows[0]!.advance(5)
  using stream = new Stream('orders', StreamSchema.parse({ topics: ['orders'] }), [tail], null)
  const client = new Client()
  using _visitor = new Visitor(
    { stream, past: broker.past, places: new Places(1) },
    { wish: [], start: { offsets: [[0]], logs: [0] }, until: [[5]] },
    client,
  )
  await until('it ends', () => client.ended)
  deepEqual(client.told, [])
})

test('offsets that are missing by thousands of millions, as compaction leaves them, are no gap', async () => {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'orders', partitions: 1, replication: 1, config: {} }])
  await using tail = new Tail(broker, 'orders', { records: 20, bytes: 100_000 })
  await tail.open()
  const [first, second, last] = [5, 2 ** 31 + 7, 2 ** 40]
  const at = (offset: number) => aRecord({ topic: 'orders', partition: 0, offset: BigInt(offset) })
  tail.windows[0]!.restart(last)
  tail.windows[0]!.push(at(last))
  const past: Past = {
    ...broker.past,
    page: async ({ from }) => {
      const offset = [first, second].find(each => each >= from) ?? last
      return { records: [at(offset)], next: BigInt(offset) + 1n, first: 0n, end: BigInt(last) + 1n }
    },
  }
  using stream = new Stream('orders', StreamSchema.parse({ topics: ['orders'] }), [tail], null)
  const client = new Client()
  const start = { offsets: [[1]], logs: [0] }
  using _visitor = new Visitor({ stream, past, places: new Places(1) }, { wish: [], start, until: null }, client)
  await until('it has heard the last', () => client.told.length === 3)
  deepEqual([client.told.map(({ offset }) => Number(offset)), client.gaps], [[first, second, last], []])
  deepEqual(stream.codec.decode(client.position).offsets, [[last + 1]])
})

async function fill(broker: MemoryBroker): Promise<void> {
  for (let n = 0; n < 60; n++)
    await broker.publish({
      topic: 'orders',
      partition: n % 2,
      key: null,
      value: Buffer.from(`${n}`),
      headers: [],
      acks: 'all',
      signal,
    })
}

test('a position in a log of which a new one has the name goes on at its beginning, although it has such an offset, too', async () => {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'orders', partitions: 2, replication: 1, config: {} }])
  await fill(broker)
  await using tail = new Tail(broker, 'orders', { records: 20, bytes: 100_000 })
  await tail.open()
  using stream = new Stream('orders', StreamSchema.parse({ topics: ['orders'], heartbeatMs: 3_600_000 }), [tail], null)
  const client = new Client()
  using _visitor = new Visitor(
    { stream, past: broker.past, places: new Places(1) },
    { wish: [], start: { offsets: [[10, 25]], logs: [tail.log + 1] }, until: null },
    client,
  )
  await until('all has come', () => client.told.length === 60)
  deepEqual(client.gaps, [0, 0])
  deepEqual(stream.codec.decode(client.position), stream.position)
})

test('a visit up to an offset that a new log does not have ends with that log, each record told once', async () => {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'orders', partitions: 2, replication: 1, config: {} }])
  await fill(broker)
  await using tail = new Tail(broker, 'orders', { records: 20, bytes: 100_000 })
  await tail.open()
  using stream = new Stream('orders', StreamSchema.parse({ topics: ['orders'], heartbeatMs: 3_600_000 }), [tail], null)
  const client = new Client()
  using _visitor = new Visitor(
    { stream, past: broker.past, places: new Places(1) },
    { wish: [], start: { offsets: [[50, 60]], logs: [tail.log + 1] }, until: [[100, 100]] },
    client,
  )
  await until('it ends', () => client.ended)
  equal(client.told.length, 60)
})
