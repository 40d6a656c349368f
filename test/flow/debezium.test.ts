import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { openGateway } from '../help/gateway.ts'
import { listenTo } from '../help/listener.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const topic = 'shop.public.orders'
const signal = new AbortController().signal
const source = { connector: 'postgresql', name: 'shop', ts_ms: 1_704_067_200_000, table: 'orders' }
const capture = { format: 'debezium', columns: { total: 'Decimal(2)' } }
const view = { topic, ...capture, partitions: 1, index: { customer: '/customer' } }

async function running(t: Scope) {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: topic, partitions: 1, replication: 1, config: { 'cleanup.policy': 'compact' } }])
  const publish = (key: object, value: object | null) =>
    broker.publish({
      topic,
      partition: 0,
      key: Buffer.from(JSON.stringify(key)),
      value: value === null ? null : Buffer.from(JSON.stringify(value)),
      headers: [],
      acks: 'all',
      signal,
    })
  const change = (op: string, id: number, row: object | null) =>
    publish({ id }, { before: null, after: row === null ? null : { id, ...row }, source, op, ts_ms: 1 })
  const opened = await openGateway(
    t,
    {
      routes: {
        'read-order': null,
        'one-order': { match: 'GET /orders/:id', view: { ...view, key: 'path.id' } },
        'all-orders': { match: 'GET /orders', view },
        'order-event': { match: 'GET /events/:id', view: { ...view, key: 'path.id', as: 'cloudevents' } },
        'order-changes': { match: 'GET /changes', delivery: 'replayable', stream: { topics: [topic], ...capture } },
        'order-events': {
          match: 'GET /events',
          delivery: 'replayable',
          stream: {
            topics: [topic],
            ...capture,
            as: 'cloudevents',
            filter: [{ of: 'header.ce_iodebeziumop', equals: 'query.op' }],
          },
        },
      },
    },
    { broker },
  )
  await opened.gateway.ready
  return { ...opened, change, tombstone: (id: number) => publish({ id }, null), publish }
}

test('changes of rows are told as rows, a deletion once, and what is no change not at all', async t => {
  const { gateway, change, tombstone, publish } = await running(t)
  await change('r', 7, { customer: 'a', total: 'BNI=' })
  await publish({ serverName: 'shop' }, { ts_ms: 1 })
  await change('u', 7, { customer: 'a', total: 'AP8=' })
  await change('d', 7, null)
  await tombstone(7)
  await change('c', 8, { customer: 'b', total: 'BNI=' })
  const listener = await listenTo(t, `${gateway.url}/changes?from=earliest`).open()
  await listener.messages(3)
  deepEqual(
    listener.heard.map(({ event, data }) => [event, data]),
    [
      ['message', '{"id":7,"customer":"a","total":"12.34"}'],
      ['message', '{"id":7,"customer":"a","total":"2.55"}'],
      ['tombstone', '7'],
      ['message', '{"id":8,"customer":"b","total":"12.34"}'],
    ],
  )
})

test('as CloudEvents they say what has changed, and can be filtered by it', async t => {
  const { gateway, change } = await running(t)
  await change('c', 7, { customer: 'a', total: 'BNI=' })
  await change('u', 7, { customer: 'b', total: 'BNI=' })
  const listener = await listenTo(t, `${gateway.url}/events?from=earliest&op=u`).open()
  const [event] = (await listener.messages(1)).map(text => JSON.parse(text) as Record<string, unknown>)
  deepEqual(
    { ...event },
    {
      specversion: '1.0',
      id: `${topic}-0-1`,
      source: '/debezium/postgresql/shop',
      type: 'io.debezium.connector.postgresql.DataChangeEvent',
      time: '2024-01-01T00:00:00.000Z',
      partitionkey: '7',
      iodebeziumop: 'u',
      iodebeziumtable: 'orders',
      datacontenttype: 'application/json',
      data: { id: 7, customer: 'b', total: '12.34' },
    },
  )
})

test('a view shows a row as a CloudEvent in binary mode, where the route says so', async t => {
  const { ask, change } = await running(t)
  await change('c', 7, { customer: 'a', total: 'BNI=' })
  await until('it is shown', async () => (await ask('/events/7')).status === 200)
  const { headers, json } = await ask('/events/7')
  deepEqual(json, { id: 7, customer: 'a', total: '12.34' })
  const told = Object.entries(headers).filter(([name]) => name === 'content-type' || name.startsWith('ce-'))
  deepEqual(Object.fromEntries(told), {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': `${topic}-0-0`,
    'ce-source': '/debezium/postgresql/shop',
    'ce-type': 'io.debezium.connector.postgresql.DataChangeEvent',
    'ce-time': '2024-01-01T00:00:00.000Z',
    'ce-iodebeziumop': 'c',
    'ce-iodebeziumtable': 'orders',
  })
  const plain = Object.keys((await ask('/orders/7')).headers)
  deepEqual(
    plain.filter(name => name.startsWith('ce-')),
    [],
  )
})

test('a view shows the rows: deleted ones are gone, moved ones have their new key, untouched columns stay', async t => {
  const { ask, change, tombstone } = await running(t)
  await change('c', 7, { customer: 'a', total: 'BNI=', text: 'long' })
  await until('it is shown', async () => (await ask('/orders/7')).status === 200)
  const before = (await ask('/orders/7')).headers['etag']
  await change('u', 7, { customer: 'b', total: 'BNI=', text: '__debezium_unavailable_value' })
  await until('it has changed', async () => (await ask('/orders/7')).headers['etag'] !== before)
  notEqual(before, undefined)
  deepEqual(JSON.parse((await ask('/orders/7')).text), { id: 7, customer: 'b', total: '12.34', text: 'long' })
  equal((JSON.parse((await ask('/orders?customer=b')).text) as { items: unknown[] }).items.length, 1)
  await change('d', 7, null)
  await tombstone(7)
  await change('c', 9, { customer: 'b', total: 'BNI=' })
  await until('the other is shown', async () => (await ask('/orders/9')).status === 200)
  equal((await ask('/orders/7')).status, 404)
})
