import { test } from 'node:test'
import { deepEqual, match, rejects } from 'node:assert/strict'
import { ensureTopics, lookAtTopics } from '../../src/bridge/topics.ts'
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
