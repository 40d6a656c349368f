// What becomes of a topic while clients of its stream are connected or away, on a broker of its own: npm run streams:long.
import { after, before, suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import type { Admin, Producer } from 'kafkajs'
import type { Answer } from '../help/ask.ts'
import { folder } from '../help/folder.ts'
import { useOwnKafka } from '../help/kafka.ts'
import { Listener, listenTo } from '../help/listener.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const kafka = useOwnKafka({ properties: { 'log.cleaner.backoff.ms': '200' } })
const limitMs = 30_000
type Told = Readonly<{ partition: number; offset: number; key: string | null; value: unknown }>

const told = (listener: Listener): readonly Told[] => listener.data.map(text => JSON.parse(text) as Told)
const numbers = (listener: Listener): readonly number[] => told(listener).map(({ value }) => Number(value))
const gaps = (listener: Listener) =>
  listener.heard
    .filter(({ event }) => event === 'gap')
    .map(({ data }) => JSON.parse(data) as Readonly<{ partition: number; missed: number; reason: string }>)
const from = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, n) => first + n)
const statusOf = (answer: Answer, status: number): Answer | null => (answer.status === status ? answer : null)
const sorted = (all: readonly number[]): readonly number[] => all.toSorted((a, b) => a - b)

suite('streams, whatever becomes of their topic', { skip: kafka.skip, timeout: 300_000 }, () => {
  let admin: Admin
  let producer: Producer
  before(async () => {
    const client = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING })
    admin = client.admin()
    await admin.connect()
  })
  after(async () => {
    await admin?.disconnect()
    await producer?.disconnect()
  })

  const known = (topic: string, partitions: number): Promise<boolean> =>
    until(
      'its partitions are known',
      () =>
        admin.fetchTopicOffsets(topic).then(
          ({ length }) => length === partitions,
          () => false,
        ),
      limitMs,
    )

  /** Writes the numbers in turn into all partitions, with a producer that knows how many there are now. */
  async function write(topic: string, values: readonly number[], partitions: number): Promise<void> {
    await producer?.disconnect()
    await known(topic, partitions) // or kafkajs writes some twice
    const client = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING })
    producer = client.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    const messages = values.map(n => ({ partition: n % partitions, key: `k${n % 10}`, value: `${n}` }))
    await producer.send({ topic, messages })
  }
  const create = async (topic: string, numPartitions: number, config: Readonly<Record<string, string>> = {}) => {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    // false where the gateway was quicker: it makes what its routes need
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
    })
    await known(topic, numPartitions)
  }
  const open = (t: Scope, topic: string) =>
    gatewayOnKafka(t, kafka.brokers, {
      broker: { metadataMaxAgeMs: 1_000 },
      routes: {
        'read-order': null,
        feed: {
          match: 'GET /feed',
          stream: { topics: [topic], as: 'record', windowRecords: 20, partitions: 2 },
          delivery: 'replayable',
        },
      },
    })
  const has = (listener: Listener, count: number) =>
    until(`${count} records have come, not ${listener.data.length}`, () => listener.data.length >= count, limitMs)
  const resume = (t: Scope, url: string, id: string): Listener =>
    listenTo(t, `${url}/feed`, { headers: { 'last-event-id': id } })

  test('a topic that is made anew is told as a gap, and read from its beginning by all', async t => {
    const topic = 'remade'
    await create(topic, 2)
    const { gateway } = await open(t, topic)
    const [live, away] = [
      await listenTo(t, `${gateway.url}/feed`).open(),
      await listenTo(t, `${gateway.url}/feed`).open(),
    ]
    await write(topic, from(0, 20), 2)
    await Promise.all([has(live, 20), has(away, 20)])
    away.close()
    await admin.deleteTopics({ topics: [topic] })
    await create(topic, 2)
    const anew = from(100, 60)
    await write(topic, anew, 2) // more than there were before: the old position is one of the new log, too
    await has(live, 80)
    const again = resume(t, gateway.url, away.lastId)
    const { gateway: other } = await open(t, topic)
    const elsewhere = resume(t, other.url, away.lastId)
    for (const [name, listener, before] of [
      ['who was connected', live, 20],
      ['who was away', again, 0],
      ['who comes to another instance', elsewhere, 0],
    ] as const) {
      await has(listener, before + anew.length)
      await sleep(200)
      deepEqual(sorted(numbers(listener).slice(before)), anew, name)
      deepEqual(
        gaps(listener)
          .map(({ partition, reason }) => `${partition} ${reason}`)
          .toSorted((a, b) => a.localeCompare(b)),
        ['0 recreated', '1 recreated'],
        name,
      )
    }
    const later = resume(t, gateway.url, again.lastId)
    await write(topic, from(200, 4), 2)
    await has(later, 4)
    deepEqual([sorted(numbers(later)), gaps(later)], [from(200, 4), []], 'its new position is one of the new log')
  })

  test('a durable stream whose topic is made anew refuses the offsets of the old one, and ends who reads it', async t => {
    const topic = 'chats'
    await create(topic, 1)
    const stream = {
      topics: [topic],
      protocol: 'durable-streams',
      key: 'path.id',
      partitions: 1,
      contentType: 'text/plain',
    }
    const { ask, gateway } = await gatewayOnKafka(t, kafka.brokers, {
      broker: { metadataMaxAgeMs: 1_000 },
      routes: {
        'read-order': null,
        chats: { match: 'GET /chats/:id', delivery: 'replayable', timeoutMs: 5_000, stream },
      },
    })
    await write(topic, from(0, 20), 1) // two for each of ten keys
    const path = '/chats/k0'
    await until('the old one is read', async () => (await ask(path)).text === '010', limitMs)
    const before = (await ask(path, { method: 'HEAD' })).headers['stream-next-offset']
    const reading = await fetch(`${gateway.url}${path}?offset=${before}&live=sse`, {
      signal: AbortSignal.timeout(limitMs),
    })
    await admin.deleteTopics({ topics: [topic] })
    await create(topic, 1)
    await write(topic, from(100, 60), 1)
    ok((await reading.text()).includes('retry:'), 'who was connected is sent to come again')
    const all = '100110120130140150'
    await until('the new one is read', async () => (await ask(path)).text === all, limitMs)
    for (const live of ['', '&live=long-poll', '&live=sse'])
      equal((await ask(`${path}?offset=${before}${live}`)).code, 'offset-gone', live)
  })

  test('a view in a file whose topic is made anew while its gateway is away shows the new one only', async t => {
    const topic = 'state'
    const compact = { 'cleanup.policy': 'compact' }
    const view = { topic, memoryBytes: 1_048_576, file: join(folder(t), 'view.db') }
    const shown = (t: Scope) =>
      gatewayOnKafka(t, kafka.brokers, {
        routes: { 'read-order': null, one: { match: 'GET /state/:id', view: { ...view, key: 'path.id' } } },
      })
    const put = async (key: string, count: number, size: number): Promise<void> => {
      const messages = from(0, count).map(n => ({ partition: 0, key: `${key}${n}`, value: `${n}`.padEnd(size) }))
      await producer.send({ topic, messages })
    }
    await create(topic, 1, compact)
    await write(topic, [0], 1)
    for (const key of ['old', 'older']) await put(key, 60, 10_000)
    const first = await shown(t)
    await until('the old one is shown', async () => statusOf(await first.ask('/state/old7'), 200), limitMs)
    await first.gateway.stop({ delayMs: 0 })
    await admin.deleteTopics({ topics: [topic] })
    await create(topic, 1, compact)
    await write(topic, [0], 1)
    await put('new', 300, 1)
    const second = await shown(t)
    await until('the new one is shown', async () => statusOf(await second.ask('/state/new0'), 200), limitMs)
    equal((await second.ask('/state/old7')).status, 404)
  })

  test('partitions that are added are heard from their first record, by who is there and who comes again', async t => {
    const topic = 'grown'
    await create(topic, 2)
    const { gateway } = await open(t, topic)
    const [live, away] = [
      await listenTo(t, `${gateway.url}/feed`).open(),
      await listenTo(t, `${gateway.url}/feed`).open(),
    ]
    await write(topic, from(0, 20), 2)
    await Promise.all([has(live, 20), has(away, 20)])
    away.close()
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
    await write(topic, from(20, 80), 4)
    const soon = resume(t, gateway.url, away.lastId) // before the gateway can know
    await Promise.all([has(live, 100), has(soon, 80)])
    const late = resume(t, gateway.url, away.lastId)
    await has(late, 80)
    await sleep(200)
    deepEqual(sorted(numbers(live)), from(0, 100))
    for (const listener of [soon, late]) deepEqual(sorted(numbers(listener)), from(20, 80))
    deepEqual([live, soon, late].flatMap(gaps), [])
  })

  test('what compaction has removed behind a position is no gap, and what is left comes once and in order', async t => {
    const topic = 'compacted'
    const often = { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01', 'max.compaction.lag.ms': '100' }
    await create(topic, 1, { 'cleanup.policy': 'compact', ...often })
    const { gateway } = await open(t, topic)
    await write(topic, from(0, 300), 1)
    const before = listenTo(t, `${gateway.url}/feed?from=earliest`)
    await has(before, 50)
    before.close()
    const known = told(before).at(-1)?.offset ?? 0
    ok(known < 400)
    for (const first of [300, 600]) {
      await sleep(200)
      await write(topic, from(first, 300), 1)
    }
    const left = async (): Promise<number> => {
      const all = listenTo(t, `${gateway.url}/feed?from=earliest&until=now`)
      await all.event('end')
      return all.data.length
    }
    await until('it is compacted', async () => (await left()) < 500, limitMs)
    const again = resume(t, gateway.url, before.lastId)
    const ended = (): boolean => numbers(again).at(-1) === 899
    await until('it is at the end', ended, limitMs)
    const offsets = told(again).map(({ offset }) => offset)
    deepEqual(
      offsets,
      [...new Set(offsets)].toSorted((a, b) => a - b),
    )
    ok(offsets.every(offset => offset > known))
    deepEqual(gaps(again), [])
    deepEqual(new Set(numbers(again).slice(-10)), new Set(from(890, 10)), 'the latest of each key')
    await write(topic, [900], 1)
    await until('it hears what comes', () => numbers(again).at(-1) === 900, limitMs)
  })

  test('what has been deleted behind a position is told with how many are missed', async t => {
    const topic = 'deleted'
    await create(topic, 1)
    const { gateway } = await open(t, topic)
    await write(topic, from(0, 100), 1)
    const before = listenTo(t, `${gateway.url}/feed?from=earliest&until=now`)
    await before.event('end')
    const id = before.heard.find(({ event }) => event === 'message')?.id ?? ''
    await admin.fetchTopicOffsets(topic) // or kafkajs knows no leaders
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] })
    const again = resume(t, gateway.url, id)
    await has(again, 40)
    deepEqual(gaps(again), [{ topic, partition: 0, missed: 59, reason: 'retention' }])
    deepEqual(numbers(again), from(60, 40))
    equal(numbers(before).length, 100)
  })
})
