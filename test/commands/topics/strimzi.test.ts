import { test } from 'node:test'
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { parseAllDocuments } from 'yaml'
import { needsOf } from '../../../src/bridge/needs.ts'
import { isResourceName, resourceNameOf, strimzi } from '../../../src/commands/topics/strimzi.ts'
import { configOf } from '../../help/gateway.ts'

const cluster = {
  brokers: '',
  principal: 'User:sluice',
  idempotentWrite: false,
  strimzi: { cluster: 'kafka', namespace: 'shop', user: 'sluice', authentication: 'scram-sha-512' },
} as const

test('a topic keeps its name as a resource where Kubernetes takes it', () => {
  equal(resourceNameOf('orders.commands'), 'orders.commands')
})

test('any other is named alike, validly, and no two are the same', () => {
  for (const name of [
    'Orders_Commands',
    'a..b',
    '.',
    '_',
    '-a-',
    'a.-b',
    'x'.repeat(248) + '_',
    `${'y'.repeat(242)}.aB`,
    'A.B.',
  ])
    ok(isResourceName(resourceNameOf(name)), `${name}: ${resourceNameOf(name)}`)
  match(resourceNameOf('Orders_Commands'), /^orders-commands-[0-9a-f]{8}$/)
  notEqual(resourceNameOf('a_b'), resourceNameOf('a__b'))
})

test('topics and the user become resources of the cluster, in the namespace', () => {
  const config = configOf({
    broker: { createTopics: false },
    workers: { orders: { topic: 'Orders' } },
    push: { mail: { topic: 'signals', url: 'https://mail.example.com' } },
  })
  const all = parseAllDocuments(strimzi(needsOf(config, 3), cluster)).map(document => document.toJS())
  const metadata = { namespace: 'shop', labels: { 'strimzi.io/cluster': 'kafka' } }
  for (const each of all) {
    equal(each.apiVersion, 'kafka.strimzi.io/v1')
    deepEqual({ ...each.metadata, name: undefined }, { ...metadata, name: undefined })
  }
  const orders = all.find(({ spec }) => spec.topicName === 'Orders')
  match(orders.metadata.name, /^orders-[0-9a-f]{8}$/)
  deepEqual(orders.spec, {
    topicName: 'Orders',
    partitions: 12,
    replicas: 3,
    config: { 'cleanup.policy': 'delete', 'min.insync.replicas': 2 },
  })
  const user = all.at(-1)
  equal(user.kind, 'KafkaUser')
  equal(user.metadata.name, 'sluice')
  deepEqual(user.spec.authentication, { type: 'scram-sha-512' })
  deepEqual(user.spec.authorization.acls.at(-1), {
    resource: { type: 'group', name: 'sluice.push.mail', patternType: 'literal' },
    operations: ['Read', 'Describe'],
  })
  deepEqual(
    user.spec.authorization.acls.find(({ resource }: { resource: { name: string } }) => resource.name === 'Orders'),
    {
      resource: { type: 'topic', name: 'Orders', patternType: 'literal' },
      operations: ['Write', 'Describe', 'DescribeConfigs'],
    },
  )
})
