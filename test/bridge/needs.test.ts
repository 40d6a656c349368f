import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { mismatchesOf, promisesOf } from '../../src/bridge/delivery.ts'
import { differencesOf, needsOf } from '../../src/bridge/needs.ts'
import type { Needs, TopicNeed } from '../../src/bridge/needs.ts'
import { topicsOf } from '../../src/bridge/topics.ts'
import { everything } from '../help/everything.ts'
import { merged } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'

const callbacks = { receivers: { shop: { origin: 'https://hooks.example.com' } } }
/** A configuration that reads and writes in every way that there is. */
const rich = (over: Part = {}): Config =>
  Config.parse(
    merged(
      {
        broker: { createTopics: false },
        workers: { orders: { topic: 'orders.commands', group: 'orders' }, own: { topic: 'own.commands' } },
        calls: {
          legacy: { topic: 'orders.commands', upstream: 'legacy' },
          far: { topic: 'far.commands', upstream: 'legacy' },
        },
        upstreams: { legacy: { urls: ['http://127.0.0.1:9'] } },
        push: { mail: { topic: 'orders.events', url: 'https://mail.example.com', group: 'mail' } },
        operations: { callbacks },
        tenants: { from: 'host', of: { acme: { topics: { 'orders.events': 'acme.events' } } } },
        routes: {
          place: { match: 'POST /orders', command: { to: 'orders' }, async: 'offer', lateReplies: 'orders.late' },
          paid: {
            match: 'POST /payments',
            command: { to: 'own' },
            replies: { topic: 'payments.events', outcomes: { paid: 201 } },
          },
          event: { match: 'POST /events', event: { topic: 'orders.events', groups: ['billing'] } },
          beat: { match: 'POST /beats', event: { topic: 'beats' }, delivery: 'volatile' },
          follow: { match: 'GET /events', stream: { topics: ['orders.events'] }, delivery: 'replayable' },
          chat: {
            match: 'GET /chats/:chat',
            stream: { topics: ['chats'], protocol: 'durable-streams', key: 'path.chat' },
          },
          state: { match: 'GET /states/:id', view: { topic: 'orders.state', key: 'path.id' } },
        },
      },
      over,
    ),
  )
const allowed = ({ topics, groups }: Needs): Record<string, string> =>
  Object.fromEntries([...topics, ...groups].map(({ name, operations }) => [name, operations.join(' ')]))
const topicOf = ({ topics }: Needs, name: string): TopicNeed => topics.find(topic => topic.name === name)!

test('of each topic and group it is said what the gateway does to it, and no more', () => {
  const looks = 'Describe DescribeConfigs'
  deepEqual(allowed(needsOf(rich(), 3)), {
    'orders.commands': `Read Write ${looks}`,
    'own.commands': `Write ${looks}`,
    'orders.events': `Read Write ${looks}`,
    'acme.events': `Write ${looks}`,
    beats: `Write ${looks}`,
    chats: `Read Write ${looks}`,
    'orders.state': `Read ${looks}`,
    'payments.events': `Read ${looks}`,
    'far.commands': `Read ${looks}`,
    'orders.commands.dead': `Read Write ${looks}`,
    'far.commands.dead': `Read Write ${looks}`,
    'orders.events.dead': `Write ${looks}`,
    'gateway.replies': `Read Write ${looks}`,
    'orders.late': `Write ${looks}`,
    'sluice.operations': `Read Write ${looks}`,
    'sluice.operations.replies': `Read Write ${looks}`,
    billing: 'Describe',
    'sluice.callbacks': 'Read Describe',
    'sluice.calls.legacy': 'Read Describe',
    'sluice.calls.far': 'Read Describe',
    mail: 'Read Describe',
    orders: 'Describe',
  })
})

test('a gateway that calls nobody may only read its replies', () => {
  equal(allowed(needsOf(rich({ calls: null }), 3))['gateway.replies'], 'Read Describe DescribeConfigs')
})

test('Create is asked for only where the gateway is to create topics', () => {
  const { topics, groups } = needsOf(rich({ broker: { createTopics: true } }), 3)
  ok(topics.every(({ operations }) => operations.includes('Create')))
  ok(groups.every(({ operations }) => !operations.includes('Create')))
})

test('every topic that the gateway looks at is for something, and none is used that it does not look at', () => {
  for (const config of [everything, rich()]) {
    const { topics } = needsOf(config, 3)
    deepEqual(
      topics.map(({ name }) => name),
      topicsOf(config).map(({ name }) => name),
    )
    for (const { name, uses, operations } of topics)
      ok(uses.length > 0 && /Read|Write/.test(operations.join()), `${name}: ${uses.join()}: ${operations.join()}`)
  }
})

for (const replicas of [1, 3])
  test(`topics with ${replicas} replicas, as they are written, keep what their routes promise`, () => {
    for (const config of [everything, rich()]) {
      const needs = needsOf(config, replicas)
      for (const promised of promisesOf(config)) {
        const { config: settings, replication } = topicOf(needs, promised.topic)
        const keeping = {
          cleanupPolicy: settings['cleanup.policy']!,
          retentionMs: Number(settings['retention.ms'] ?? 604_800_000),
          minInsyncReplicas: Number(settings['min.insync.replicas']),
          replication,
          brokers: replicas,
        }
        deepEqual(mismatchesOf(promised, keeping, 'brokers'), [])
      }
    }
  })

test('where calls are answered is known of its own commands only, so the others are a note', () => {
  const { notes } = needsOf(rich(), 3)
  equal(notes.length, 2)
  match(notes[1]!, /^calls\.far answers to the topic that a command of far\.commands names/)
})

test('what of a topic differs is named with what it is to be; more replicas are no difference', () => {
  const need = topicOf(needsOf(rich(), 3), 'gateway.replies')
  const keeping = { cleanupPolicy: 'delete', retentionMs: 600_000, minInsyncReplicas: 2, replication: 3, brokers: 3 }
  const info = { name: need.name, partitions: 12, maxMessageBytes: 1_048_588, keeping }
  deepEqual(differencesOf(need, null), ['is missing'])
  deepEqual(differencesOf(need, info), [])
  deepEqual(differencesOf(need, { ...info, keeping: { ...keeping, replication: 4 } }), [])
  deepEqual(
    differencesOf(need, {
      ...info,
      partitions: 3,
      keeping: { cleanupPolicy: 'compact', retentionMs: -1, minInsyncReplicas: 1, replication: 1, brokers: 3 },
    }),
    [
      'has partitions 3, not 12',
      'has replicas 1, not 3',
      'has cleanup.policy compact, not delete',
      'has retention.ms -1, not 600000',
      'has min.insync.replicas 1, not 2',
    ],
  )
  const { keeping: _, ...hidden } = info
  match(differencesOf(need, hidden).join(), /DescribeConfigs/)
  match(differencesOf(topicOf(needsOf(rich(), 3), 'sluice.operations'), info).join(), /max\.message\.bytes/)
})
