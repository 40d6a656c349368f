import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { Aborter } from '../../src/aborter.ts'
import { Config } from '../../config/schema/index.ts'
import type { Keeping } from '../../src/bridge/admin.ts'
import { laggingOf, mismatchesOf, promisesOf } from '../../src/bridge/delivery.ts'
import type { Promised } from '../../src/bridge/delivery.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import type { Past } from '../../src/bridge/past.ts'
import { aRecord } from '../help/record.ts'

const day = 86_400_000
const well: Keeping = {
  retentionMs: 7 * day,
  cleanupPolicy: 'delete',
  minInsyncReplicas: 2,
  replication: 3,
  brokers: 3,
}
const promised = (over: Partial<Promised> = {}): Promised => ({
  route: 'signal',
  topic: 'signals',
  delivery: 'consumable',
  acks: 'all',
  groups: [],
  viewed: false,
  ...over,
})
const found = (promise: Partial<Promised>, keeping: Partial<Keeping>): readonly string[] =>
  mismatchesOf(promised(promise), { ...well, ...keeping }, 'kafka:9092')

test('what events and streams promise is taken from the configuration', () => {
  const config = Config.parse({
    routes: {
      lamp: { match: 'POST /lamps', event: { topic: 'lamps', groups: ['billing'] } },
      beat: { match: 'POST /beats', event: { topic: 'beats' }, delivery: 'volatile' },
      watch: { match: 'GET /lamps', stream: { topics: ['lamps', 'rooms'] }, delivery: 'replayable' },
      now: { match: 'GET /now', stream: { topics: ['lamps'] } },
      state: { match: 'GET /states/:lamp', view: { topic: 'lamps', key: 'path.lamp' } },
    },
  })
  deepEqual(
    promisesOf(config).map(({ route, topic, delivery, acks, groups, viewed }) => [
      route,
      topic,
      delivery,
      acks,
      groups.length,
      viewed,
    ]),
    [
      ['lamp', 'lamps', 'consumable', 'all', 1, true],
      ['beat', 'beats', 'volatile', 'leader', 0, false],
      ['watch', 'lamps', 'replayable', null, 0, true],
      ['watch', 'rooms', 'replayable', null, 0, false],
    ],
  )
})

test('a topic that keeps its promise is not spoken of', () => {
  deepEqual(found({}, {}), [])
  deepEqual(found({ delivery: 'replayable' }, {}), [])
  deepEqual(found({ delivery: 'volatile', acks: 'leader' }, { retentionMs: 3_600_000, minInsyncReplicas: 1 }), [])
  deepEqual(found({}, { replication: 1, minInsyncReplicas: 1, brokers: 1 }), [], 'nothing would mend it')
})

test('what a broker alone has confirmed is no promise, and the line has the command that mends it', () => {
  deepEqual(found({}, { minInsyncReplicas: 1 }), [
    'routes.signal is consumable, but signals has min.insync.replicas=1: what one broker alone has confirmed is lost with it. ' +
      'Mend it: kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name signals --add-config min.insync.replicas=2',
  ])
  match(found({}, { replication: 1, minInsyncReplicas: 1 })[0] ?? '', /has one replica.*kafka-reassign-partitions\.sh/)
})

test('a compacted topic promises neither to be read nor to be read again, unless a view shows it', () => {
  for (const delivery of ['consumable', 'replayable'] as const) {
    match(found({ delivery }, { cleanupPolicy: 'compact' })[0] ?? '', /is compacted: who is behind misses/)
    deepEqual(found({ delivery, viewed: true }, { cleanupPolicy: 'compact' }), [])
  }
})

test('what is volatile is kept for a short time, and confirmed only where it can be read', () => {
  const lines = found({ delivery: 'volatile', acks: 'leader' }, { cleanupPolicy: 'compact,delete' })
  deepEqual(
    lines.map(line => /but signals ([^:.]*)/.exec(line)?.[1]),
    ['has min', 'is compacted', 'keeps its records 7 d'],
  )
  match(
    found({ delivery: 'volatile' }, { retentionMs: -1 })[0] ?? '',
    /keeps its records for ever.*retention\.ms=3600000/,
  )
})

test('what is to be replayed is kept for a day at least', () => {
  match(
    found({ delivery: 'replayable' }, { retentionMs: 7_200_000 })[0] ?? '',
    /keeps its records 2 h only.*retention\.ms=604800000/,
  )
})

async function aGroup(records: number, read: number, timestamp = Date.now()) {
  const broker = new MemoryBroker({ records: 10 })
  await broker.admin.create([{ name: 'signals', partitions: 1, replication: 1, config: {} }])
  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++)
      await broker.publish({ ...aRecord({ topic: 'signals' }), acks: 'all', signal: new Aborter().signal })
  }
  await write(read)
  const member = await broker.join({ group: 'billing', topic: 'signals', from: 'earliest' }, ({ offset }, held) =>
    held.done(offset + 1n),
  )
  while ((await broker.admin.group('billing', 'signals')).committed[0] !== BigInt(read))
    await new Promise(resolve => setImmediate(resolve))
  await member[Symbol.asyncDispose]()
  await write(records)
  return { admin: broker.admin, past: writtenAt(broker.past, timestamp) }
}

/** The same past, whose records were written then. */
const writtenAt = (past: Past, timestamp: number): Past => ({
  id: topic => past.id(topic),
  offsets: (topic, place) => past.offsets(topic, place),
  async page(stretch) {
    const found = await past.page(stretch)
    return { ...found, records: found.records.map(record => ({ ...record, timestamp })) }
  },
})

const lagging = async (broker: Parameters<typeof laggingOf>[2], groups = ['billing']) =>
  laggingOf(promised({ groups }), 7 * day, broker, 'kafka:9092')

test('a group that keeps up is not spoken of; one that is half the retention behind is', async () => {
  deepEqual(await lagging(await aGroup(3, 2)), [])
  const [line = '', ...more] = await lagging(await aGroup(3, 2, Date.now() - 4 * day))
  match(line, /the group billing is 4 d behind on signals, which keeps 7 d.*retention\.ms=2419200000/)
  equal(more.length, 0)
})

test('a group that has missed records, or never read any, is named', async () => {
  match(
    (await lagging(await aGroup(12, 2)))[0] ?? '',
    /the group billing has missed 2 records of signals, which are deleted/,
  )
  match((await lagging(await aGroup(0, 1), ['absent']))[0] ?? '', /the group absent has read nothing of signals yet/)
  deepEqual(await laggingOf(promised({ groups: ['absent'], delivery: 'replayable' }), day, await aGroup(0, 1), ''), [])
})
