import { test } from 'node:test'
import { deepEqual, match, rejects } from 'node:assert/strict'
import { ensureTopics, lookAtTopics, topicsOf } from '../../src/bridge/topics.ts'
import { Config } from '../../config/schema/index.ts'
import type { Admin, NewTopic, TopicInfo } from '../../src/bridge/admin.ts'

function adminOf(there: Map<string, TopicInfo>): Admin & { created: string[] } {
  const created: string[] = []
  return {
    created,
    topic: async name => there.get(name) ?? null,
    create: async topics => {
      for (const { name, partitions } of topics) {
        created.push(name)
        there.set(name, { name, partitions, maxMessageBytes: 1_000 })
      }
    },
    ends: async () => [],
    group: async () => ({ members: 0, rebalancing: false, committed: [], ends: [] }),
  }
}
const wanted: readonly NewTopic[] = [
  { name: 'orders.commands', partitions: 12, replication: -1, config: {} },
  { name: 'gateway.replies', partitions: 4, replication: -1, config: {} },
]

test('only what is missing is created, and what is there keeps its partitions', async () => {
  const admin = adminOf(
    new Map([['gateway.replies', { name: 'gateway.replies', partitions: 3, maxMessageBytes: 1_000 }]]),
  )
  const found = await ensureTopics(admin, wanted, true)
  deepEqual(admin.created, ['orders.commands'])
  deepEqual(
    [...found].map(([name, { partitions }]) => [name, partitions]),
    [
      ['orders.commands', 12],
      ['gateway.replies', 3],
    ],
  )
})

test('where creating is not allowed, all that is missing is named at once', async () => {
  const admin = adminOf(new Map())
  await rejects(ensureTopics(admin, wanted, false), {
    code: 'topic-missing',
    message: /orders\.commands, gateway\.replies/,
  })
  deepEqual(admin.created, [])
})

test('a topic that is missing or forbidden hides none of the others', async () => {
  const admin = adminOf(
    new Map([['gateway.replies', { name: 'gateway.replies', partitions: 3, maxMessageBytes: 1_000 }]]),
  )
  const { known, lacking } = await lookAtTopics(admin, wanted, false)
  deepEqual([...known.keys()], ['gateway.replies'])
  deepEqual(
    [...lacking].map(([name, { code }]) => [name, code]),
    [['orders.commands', 'topic-missing']],
  )
  match(lacking.get('orders.commands')?.message ?? '', /no topic orders.commands/)
})

test('the log of operations is compacted often, as each start reads all of it, and takes the largest reply', () => {
  const logOf = (maxBytes: number): NewTopic['config'] | undefined =>
    topicsOf(
      Config.parse({
        replies: { maxBytes },
        workers: { orders: { topic: 'orders' } },
        routes: { order: { match: 'POST /orders', command: { to: 'orders' }, async: 'offer' } },
      }),
    ).find(({ name }) => name === 'sluice.operations')?.config
  deepEqual(logOf(1_048_576), {
    'cleanup.policy': 'compact',
    'segment.ms': '3600000',
    'segment.bytes': '67108864',
    'min.cleanable.dirty.ratio': '0.1',
    'delete.retention.ms': '3600000',
    'max.message.bytes': String(1_048_576 + 65_536),
  })
  deepEqual(logOf(67_108_864)?.['segment.bytes'], String(67_108_864 + 65_536))
})
