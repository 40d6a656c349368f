import { test } from 'node:test'
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const signal = new AbortController().signal
const partitions = 3

function publisher(broker: MemoryBroker) {
  return (key: string, value: string | null) =>
    broker.publish({
      topic: 'orders.state',
      partition: broker.partitionFor('orders.state', Buffer.from(key)),
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: [],
      acks: 'all',
      signal,
    })
}

async function aTopic(config: Readonly<Record<string, string>> = { 'cleanup.policy': 'compact' }) {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'orders.state', partitions, replication: 1, config }])
  return { broker, publish: publisher(broker) }
}

const view = { topic: 'orders.state', partitions, index: { customer: '/customer' } }

async function running(t: Scope, broker: MemoryBroker, over: Part = {}) {
  const opened = await openGateway(
    t,
    {
      routes: {
        'read-order': null,
        'one-order': { match: 'GET /orders/:id', view: { ...view, key: 'path.id', ...over } },
        'all-orders': { match: 'GET /orders', view: { ...view, ...over } },
        change: { match: 'POST /changes/:id', event: { topic: 'orders.state', key: 'path.id' } },
      },
    },
    { broker },
  )
  await opened.gateway.ready
  return opened
}

test('a view answers with the latest value of a key, conditionally too', async t => {
  const { broker, publish } = await aTopic()
  await publish('1', '{"n":1}')
  await publish('1', '{"n":2}')
  const { ask } = await running(t, broker)
  const { status, headers, text } = await ask('/orders/1')
  deepEqual([status, text, headers['content-type']], [200, '{"n":2}', 'application/json'])
  ok(headers['last-modified'])
  const etag = String(headers.etag)
  match(etag, /^"[\w-]+"$/)
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const again = await ask('/orders/1', { headers: { 'if-none-match': known } })
    deepEqual([again.status, again.text, again.headers.etag], [304, '', etag], known)
  }
  const since = { 'if-modified-since': headers['last-modified'] }
  equal((await ask('/orders/1', { headers: since })).status, 304)
  equal((await ask('/orders/1', { headers: { ...since, 'if-none-match': '"other"' } })).status, 200)
  const head = await ask('/orders/1', { method: 'HEAD' })
  deepEqual([head.status, head.text, head.headers.etag, head.headers['content-length']], [200, '', etag, '7'])
  await publish('1', '{"n":3}')
  await until('the view has it', async () => (await ask('/orders/1')).text === '{"n":3}')
  const changed = await ask('/orders/1', { headers: { 'if-none-match': etag } })
  equal(changed.status, 200)
  notEqual(changed.headers.etag, etag)
})

test('nothing, and what was taken away, is 404', async t => {
  const { broker, publish } = await aTopic()
  await publish('1', '{}')
  await publish('1', null)
  const { ask } = await running(t, broker)
  for (const key of ['1', 'never']) {
    const { status, code } = await ask(`/orders/${key}`)
    deepEqual([status, code], [404, 'no-value'])
  }
})

test('with Prefer: wait the answer is held until the value is another, or the time is over', async t => {
  const { broker, publish } = await aTopic()
  await publish('1', 'old')
  const { ask } = await running(t, broker)
  const etag = String((await ask('/orders/1')).headers.etag)
  const waiting = ask('/orders/1', { headers: { 'if-none-match': etag, prefer: 'wait=5' } })
  await publish('2', 'other')
  await publish('1', 'new')
  const { text, headers, ms } = await waiting
  deepEqual([text, headers['preference-applied']], ['new', 'wait=5'])
  ok(ms < 4_000)
  const inVain = await ask('/orders/1', { headers: { 'if-none-match': String(headers.etag), prefer: 'wait=1' } })
  equal(inVain.status, 304)
  ok(inVain.ms >= 990)
})

test('a list is walked in pages by a cursor, by prefix and by a declared field', async t => {
  const { broker, publish } = await aTopic()
  for (let n = 0; n < 25; n++) await publish(`o-${String(n).padStart(2, '0')}`, JSON.stringify({ n, customer: n % 2 }))
  await publish('p-1', 'text')
  const { ask } = await running(t, broker)
  type Item = { key: string; value: unknown; etag: string }
  const page = async (query: string) => {
    const { status, json } = await ask(`/orders?${query}`)
    equal(status, 200)
    return json as { items: Item[]; next?: string }
  }
  const keys: string[] = []
  let next = ''
  do {
    const found = await page(`limit=7${next}`)
    keys.push(...found.items.map(({ key }) => key))
    next = found.next === undefined ? '' : `&cursor=${found.next}`
  } while (next !== '')
  equal(keys.length, 26)
  deepEqual(keys, keys.toSorted())
  deepEqual(
    (await page('prefix=p-')).items.map(({ key, value }) => [key, value]),
    [['p-1', 'text']],
  )
  const odd = (await page('customer=1')).items
  deepEqual([odd.length, odd[0]?.key, odd[0]?.value], [12, 'o-01', { n: 1, customer: 1 }])
  const cursor = (await page('limit=2')).next!
  for (const query of [
    'limit=1000000',
    'limit=0',
    'limit=x',
    'cursor=garbage',
    `prefix=o&cursor=${cursor}`,
    `cursor=${cursor.slice(1)}`,
  ])
    equal((await ask(`/orders?${query}`)).status, 400, query)
})

test('who has written something is shown it, or told how far the view is', async t => {
  const { broker } = await aTopic()
  const { ask } = await running(t, broker)
  const { status, headers } = await ask('/changes/7', { body: { state: 'paid' } })
  equal(status, 202)
  const position = String(headers['sluice-position'])
  const read = await ask('/orders/7', { headers: { 'sluice-position': position } })
  deepEqual([read.status, read.text], [200, '{"state":"paid"}'])
  const list = await ask('/orders', { headers: { 'sluice-position': position } })
  equal((list.json['items'] as unknown[]).length, 1)
  equal((await ask('/orders/7', { headers: { 'sluice-position': 'garbage' } })).status, 400)

  const { markOf } = await import('../../src/bridge/mark.ts')
  const future = { 'sluice-position': markOf('orders.state', 0, 99n, 0), prefer: 'wait=1' }
  const behind = await ask('/orders/7', { headers: future })
  deepEqual([behind.status, behind.code, behind.json['limit']], [504, 'view-behind', 100])
  match(String(behind.json['detail']), /is at \d+ in partition 0, and 100 is awaited/)
})

test('a position of another log, as of another cluster, is refused instead of being taken for one of this', async t => {
  const [here, there] = [await running(t, (await aTopic()).broker), await running(t, (await aTopic()).broker)]
  const { headers } = await there.ask('/changes/7', { body: { state: 'paid' } })
  for (let n = 0; n < 20; n++) await here.ask(`/changes/${n}`, { body: { state: 'placed' } })
  const position = { 'sluice-position': String(headers['sluice-position']) }
  for (const path of ['/orders/7', '/orders']) {
    const { status, code } = await here.ask(path, { headers: position })
    deepEqual([status, code], [410, 'position-gone'], path)
  }
  equal((await here.ask('/orders/7')).status, 200)
})

test('after a command a view shows what its worker wrote before it answered', async t => {
  const { broker, publish } = await aTopic()
  const opened = await running(t, broker)
  const { handWorker } = await import('../help/hand.ts')
  const worker = await handWorker(t, broker)
  const asked = opened.ask('/orders', { body: { orderId: '9' } })
  const command = await worker.next()
  await publish('9', '{"state":"placed"}')
  await command.reply({ status: 201 })
  const { headers } = await asked
  const read = await opened.ask('/orders/9', { headers: { 'sluice-position': String(headers['sluice-position']) } })
  deepEqual([read.status, read.text], [200, '{"state":"placed"}'])
})

test('a topic that is not compacted is refused, unless the route says that it may', async t => {
  const { broker } = await aTopic({})
  const { ask, admin } = await running(t, broker)
  const { status, json } = await ask('/orders/1')
  equal(status, 503)
  match(String(json['detail']), /not compacted/)
  match((await admin.ready()).reasons.join(), /not compacted/)
  equal((await ask('/signals', { body: {} })).status, 202, 'all else is served')
  const other = await aTopic({})
  await other.publish('1', 'x')
  equal((await (await running(t, other.broker, { allowUncompacted: true })).ask('/orders/1')).status, 200)
})

test('beyond its memory a view goes to its file, and after a restart goes on with it', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-view-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { broker, publish } = await aTopic()
  const filler = 'x'.repeat(10_000)
  for (let n = 0; n < 300; n++) await publish(`k${n}`, `${n} ${filler}`)
  const limits = { memoryBytes: 1_048_576, file: join(folder, 'view.db') }
  const first = await running(t, broker, limits)
  match((await first.ask('/orders/k299')).text, /^299 /)
  equal(((await first.ask('/orders?limit=1000')).json['items'] as unknown[]).length, 300)
  await first.gateway.stop({ delayMs: 0 })
  await publish('k0', 'changed')
  await publish('k1', null)
  const second = await running(t, broker, limits)
  equal((await second.ask('/orders/k0')).text, 'changed')
  equal((await second.ask('/orders/k1')).status, 404)
  match((await second.ask('/orders/k299')).text, /^299 /)
})

test('a view whose topic was made anew while it was away forgets what it had in its file', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-view-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const limits = { memoryBytes: 1_048_576, file: join(folder, 'view.db') }
  const filler = 'x'.repeat(10_000)
  const [old, anew] = [await aTopic(), await aTopic()]
  for (let n = 0; n < 120; n++) await old.publish(`old${n}`, `${n} ${filler}`)
  for (let n = 0; n < 200; n++) await anew.publish(`new${n}`, `${n}`)
  const first = await running(t, old.broker, limits)
  match((await first.ask('/orders/old7')).text, /^7 /)
  await first.gateway.stop({ delayMs: 0 })
  const second = await running(t, anew.broker, limits)
  equal((await second.ask('/orders/new0')).text, '0')
  equal((await second.ask('/orders/old7')).status, 404)
})

test('a view that memory does not hold, and that has no file, is given up and says so', async t => {
  const { broker, publish } = await aTopic()
  for (let n = 0; n < 200; n++) await publish(`k${n}`, 'x'.repeat(10_000))
  const { ask, admin } = await running(t, broker, { memoryBytes: 1_048_576 })
  const { status, json } = await ask('/orders/k0')
  equal(status, 503)
  match(String(json['detail']), /needs more than 1048576 bytes/)
  equal((await admin.ready()).status, 503)
})

test('a view whose file is of no use is given up and says so, and all else is served', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-view-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'view.db')
  writeFileSync(file, 'no database '.repeat(1_000))
  const { broker } = await aTopic()
  const { ask, admin } = await running(t, broker, { file })
  const { status, json } = await ask('/orders/k0')
  equal(status, 503)
  match(String(json['detail']), /its file cannot be opened/)
  match((await admin.ready()).reasons.join(), /its file cannot be opened/)
  equal((await ask('/signals', { body: {} })).status, 202)
})
