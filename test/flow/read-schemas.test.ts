import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { codecOfFile } from '../../src/bridge/schemas/index.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { filesOf } from '../help/files.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { listenTo } from '../help/listener.ts'
import { fakeRegistry } from '../help/registry.ts'
import type { Scope } from '../help/scope.ts'
import { publish } from '../help/station.ts'
import { until } from '../help/until.ts'

const order = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'amount', type: 'long' },
  ],
}
const proto = 'syntax = "proto3"; message Order { string orderId = 1; int64 amount = 2; }'
const big = '{"orderId":"o-1","amount":9007199254740993}'
const avroType = { 'content-type': Buffer.from('application/avro') }

/** Routes that tell and show `orders` by a schema, with someone who writes records. */
async function reading(t: Scope, schema: object, over: Part = {}) {
  const broker = new MemoryBroker()
  await broker.admin.create([
    { name: 'orders', partitions: 1, replication: 1, config: { 'cleanup.policy': 'compact' } },
  ])
  const view = { topic: 'orders', index: { order: '/orderId' } }
  const opened = await openGateway(
    t,
    {
      routes: {
        'place-order': null,
        'read-order': null,
        orders: {
          match: 'GET /stream',
          delivery: 'replayable',
          stream: { topics: ['orders'], filter: [{ of: '/orderId', equals: 'query.order' }] },
          schema,
        },
        one: { match: 'GET /orders/:key', view: { ...view, key: 'path.key' }, schema },
        all: { match: 'GET /orders', view, schema },
      },
      ...over,
    },
    { broker },
  )
  const write = (key: string | Buffer, value: Uint8Array | null, headers: Readonly<Record<string, Uint8Array>> = {}) =>
    publish(broker, {
      topic: 'orders',
      partition: 0,
      key: Buffer.from(key),
      value,
      headers: Object.entries(headers),
    })
  return { ...opened, write }
}

/** Somebody who hears what is told from now on. */
async function listening(t: Scope, url: string) {
  const listener = listenTo(t, url)
  await until('it listens', () => listener.text.includes('id: '))
  return listener
}

for (const [name, file, text] of [
  ['Avro', 'order.avsc', order],
  ['Protobuf', 'order.proto', proto],
] as const)
  test(`records in ${name} are told, filtered, shown and listed as JSON`, async t => {
    const at = join(filesOf(t, { [file]: text }), file)
    const codec = await codecOfFile({ file: at })
    const { gateway, ask, admin, write } = await reading(t, { record: { file: at } })
    await gateway.ready
    const told = await listening(t, `${gateway.url}/stream?order=o-1`)
    await write('a', codec.write(Buffer.from(big)), avroType)
    await write('b', codec.write(Buffer.from('{"orderId":"o-2","amount":2}')))
    await write('c', Buffer.from([0xff, 0xff]))
    await write('a', codec.write(Buffer.from('{"orderId":"o-1","amount":3}')))
    const amount = name === 'Avro' ? '9007199254740993' : '"9007199254740993"'
    const last = name === 'Avro' ? '3' : '"3"'
    await until('two are told', () => told.heard.filter(({ data }) => data !== '').length === 2)
    deepEqual(
      told.heard.filter(({ data }) => data !== '').map(({ data }) => data),
      [amount, last].map(n => `{"orderId":"o-1","amount":${n}}`),
    )
    const one = await ask('/orders/a')
    deepEqual([one.text, one.headers['content-type']], [`{"orderId":"o-1","amount":${last}}`, 'application/json'])
    match((await ask('/orders?order=o-2')).text, /"value":\{"orderId":"o-2","amount":"?2"?\}/)
    equal((await ask('/orders/c')).code, 'no-value')
    equal(
      (await admin.metrics()).sum('sluice_refusals_total', { policy: 'schema', code: 'schema-violation' }) > 0,
      true,
    )
  })

test('observed, a record that does not match is told as it is, and counted', async t => {
  const file = join(filesOf(t, { 'order.avsc': order }), 'order.avsc')
  const { gateway, ask, admin, write } = await reading(t, { record: { file, mode: 'observe' } })
  await gateway.ready
  await write('c', Buffer.from('no order'))
  equal(await until('it is shown', async () => (await ask('/orders/c')).text === 'no order'), true)
  equal((await admin.metrics()).sum('sluice_observed_refusals_total', { policy: 'schema', route: 'one' }), 1)
})

const framed = (id: number, value: Uint8Array): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, id]), value])

test('a record waits for its schema, those behind it wait for it, and a registry without that id holds up nothing', async t => {
  const codec = await codecOfFile({ file: join(filesOf(t, { 'order.avsc': order }), 'order.avsc') })
  const registry = await fakeRegistry(t, { '/schemas/ids/7': { schema: JSON.stringify(order) } })
  const kind = { url: registry.url, kind: 'confluent', retryMs: 100, timeoutMs: 10_000 }
  const { gateway, ask, write } = await reading(t, { record: { registry: 'id' } }, { registry: kind })
  await gateway.ready
  registry.becomes('broken')
  const told = await listening(t, `${gateway.url}/stream`)
  for (const n of [1, 2, 3]) await write('a', framed(7, codec.write(Buffer.from(`{"orderId":"o","amount":${n}}`))))
  await write('b', framed(9, Buffer.from('?')))
  await write('a', framed(7, codec.write(Buffer.from('{"orderId":"o","amount":4}'))))
  await until('the registry has been asked', () => registry.asked.length > 1)
  equal((await ask('/orders/a')).code, 'no-value')
  registry.becomes('answers')
  const data = (): readonly string[] => told.heard.map(heard => heard.data).filter(text => text !== '')
  await until('all are told', () => data().length === 4)
  deepEqual(
    data(),
    [1, 2, 3, 4].map(n => `{"orderId":"o","amount":${n}}`),
  )
  equal((await ask('/orders/a')).text, '{"orderId":"o","amount":4}')
})

test('changes of rows that Debezium writes in Avro are rows', async t => {
  const row = {
    type: 'record',
    name: 'Value',
    fields: [
      { name: 'id', type: 'int' },
      { name: 'day', type: ['null', 'int'] },
    ],
  }
  const source = {
    type: 'record',
    name: 'Source',
    fields: [
      { name: 'connector', type: 'string' },
      { name: 'table', type: 'string' },
    ],
  }
  const envelope = {
    type: 'record',
    name: 'Envelope',
    fields: [
      { name: 'before', type: ['null', row], default: null },
      { name: 'after', type: ['null', 'Value'], default: null },
      { name: 'source', type: source },
      { name: 'op', type: 'string' },
      { name: 'ts_ms', type: ['null', 'long'], default: null },
    ],
  }
  const key = { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'int' }] }
  const folder = filesOf(t, { 'value.avsc': envelope, 'key.avsc': key })
  const [values, keys] = [
    await codecOfFile({ file: join(folder, 'value.avsc') }),
    await codecOfFile({ file: join(folder, 'key.avsc') }),
  ]
  const registry = await fakeRegistry(t, {
    '/schemas/ids/1': { schema: JSON.stringify(key) },
    '/schemas/ids/2': { schema: JSON.stringify(envelope) },
  })
  const capture = { format: 'debezium', columns: { day: 'Date' } }
  const schema = { record: { registry: 'id' }, key: { registry: 'id' } }
  const { gateway, ask, write } = await reading(
    t,
    {},
    {
      registry: { url: registry.url, kind: 'confluent', timeoutMs: 10_000 },
      routes: {
        changes: { match: 'GET /changes', stream: { topics: ['orders'], as: 'record', ...capture }, schema },
        row: { match: 'GET /rows/:id', view: { topic: 'orders', key: 'path.id', ...capture }, schema },
      },
    },
  )
  await gateway.ready
  const told = await listening(t, `${gateway.url}/changes`)
  const change = (op: string, after: object | null) =>
    values.write(
      Buffer.from(
        JSON.stringify({ before: null, after, source: { connector: 'postgresql', table: 'orders' }, op, ts_ms: 1 }),
      ),
    )
  const id = framed(1, keys.write(Buffer.from('{"id":7}')))
  await write(id, framed(2, change('c', { id: 7, day: 19_723 })))
  const [heard] = await until('it is told', () => {
    const all = told.heard.filter(({ data }) => data !== '')
    return all.length > 0 ? all : null
  })
  const { key: text, value, headers } = JSON.parse(heard!.data) as Record<string, Record<string, string>>
  deepEqual([text, value, headers!['ce_iodebeziumop']], ['7', { id: 7, day: '2024-01-01' }, 'c'])
  equal((await ask('/rows/7')).text, '{"id":7,"day":"2024-01-01"}')
  await write(id, framed(2, change('d', null)))
  await until('the row is gone', async () => (await ask('/rows/7')).code === 'no-value')
})

for (const [kind, path, headers] of [
  ['apicurio', '/ids/contentIds/1', ['apicurio.key.contentId', '0000000000000001']],
  [
    'confluent',
    '/schemas/guids/00112233-4455-6677-8899-aabbccddeeff',
    ['__key_schema_id', '0100112233445566778899aabbccddeeff'],
  ],
] as const)
  test(`keys whose ids are in headers are read, as the serializers of ${kind} write them`, async t => {
    const key = { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'int' }] }
    const codec = await codecOfFile({ file: join(filesOf(t, { 'key.avsc': key }), 'key.avsc') })
    const registry = await fakeRegistry(t, {
      [path]: kind === 'apicurio' ? JSON.stringify(key) : { schema: JSON.stringify(key) },
      '/ids/contentIds/1/references': [],
      '/search/versions?contentId=1&limit=1': { versions: [{ artifactType: 'AVRO', globalId: 2, contentId: 1 }] },
    })
    const schema = { key: { registry: 'id' } }
    const { gateway, ask, write } = await reading(t, schema, {
      registry: { url: registry.url, kind, timeoutMs: 10_000 },
    })
    await gateway.ready
    const [name, hex] = headers
    const bytes = Buffer.from(codec.write(Buffer.from('{"id":7}')))
    await write(bytes, Buffer.from('{"a":1}'), { [name]: Buffer.from(hex, 'hex') })
    await until('it is shown', async () => (await ask(`/orders/${encodeURIComponent('{"id":7}')}`)).text === '{"a":1}')
  })
