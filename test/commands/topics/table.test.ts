import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { table } from '../../../src/commands/topics/table.ts'

const cluster = {
  brokers: '',
  principal: 'User:sluice',
  idempotentWrite: false,
  strimzi: { cluster: 'kafka', namespace: undefined, user: 'sluice', authentication: 'tls' },
} as const

test('the table tells people what each topic and group is for, in columns', () => {
  equal(
    table(
      {
        topics: [
          {
            name: 'signals',
            partitions: -1,
            replication: 3,
            config: { 'cleanup.policy': 'delete', 'retention.ms': '3600000' },
            operations: ['Write', 'Describe'],
            uses: ['events of routes.signal', 'routes.lamps streams it'],
          },
        ],
        groups: [{ name: 'orders', operations: ['Describe'], uses: ['workers.orders is watched'] }],
        notes: ['A note.'],
      },
      cluster,
    ),
    `\
TOPIC    PARTITIONS  REPLICAS  CLEANUP  ALLOW User:sluice  FOR
signals  as set      3         delete   Write Describe     events of routes.signal; routes.lamps streams it

SETTINGS
signals  retention.ms=3600000

GROUP   ALLOW User:sluice  FOR
orders  Describe           workers.orders is watched

A note.`,
  )
})

test('old brokers ask for one more', () => {
  const text = table({ topics: [], groups: [], notes: [] }, { ...cluster, idempotentWrite: true })
  equal(text.split('\n').at(-1), 'CLUSTER  IdempotentWrite')
})
