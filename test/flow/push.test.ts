import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { Webhook } from 'standardwebhooks'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { readDead } from '../../src/bridge/dead.ts'
import { deadLetters, resend } from '../../src/bridge/deadletters.ts'
import { Aborter } from '../../src/aborter.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { aReceiver } from '../help/receiver.ts'
import type { TestReceiver } from '../help/receiver.ts'
import { follow } from '../help/follow.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`
const token = 'a-token-of-sixteen'
const quick = { retryMs: 20, retryCapMs: 100, timeoutMs: 500 }
type Over = Readonly<Record<string, unknown>>

/** A gateway with subscribers of the topic `orders`. */
async function pushing(t: Scope, push: Readonly<Record<string, Over>>, more: Part = {}) {
  const broker = new MemoryBroker()
  const all = Object.entries(push).map(([name, over]) => [name, { topic: 'orders', ...quick, ...over }])
  const over = { admin: { token }, egress: { allow: ['127.0.0.1'] }, push: Object.fromEntries(all), ...more }
  const opened = await openGateway(t, over, { broker })
  t.after(() => broker[Symbol.asyncDispose]())
  await opened.gateway.ready
  const states = async () => (await opened.admin.ask('/push')).json as Readonly<Record<string, Over>>
  for (const name of Object.keys(push))
    await until(`${name} runs`, async () => (await states())[`push.${name}`]?.['state'] === 'running')
  let sent = 0
  const publish = async (value: string | null, { key = null as string | null, headers = {} } = {}): Promise<void> => {
    const bytes = key === null ? null : Buffer.from(key)
    await broker.publish({
      topic: 'orders',
      partition: broker.partitionFor('orders', bytes),
      key: bytes,
      value: value === null ? null : Buffer.from(value),
      headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))]),
      acks: 'all',
      signal: new Aborter(),
    })
    sent++
  }
  const change = (name: string, state: string) =>
    opened.admin.ask(`/push/${name}`, { method: 'PUT', body: { state }, headers: { authorization: `Bearer ${token}` } })
  return { ...opened, broker, publish, states, change, sent: () => sent }
}

const numbers = (receiver: TestReceiver): readonly number[] => receiver.bodies.map(Number)
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

test('events go to a subscriber as CloudEvents in binary mode, made of what the record is', async t => {
  const receiver = await aReceiver(t)
  const { publish } = await pushing(t, { shop: { url: `${receiver.url}/in?a=1`, signingKey: secret, token: 'me' } })
  await publish('{"id":1}', { key: 'o-1', headers: { 'content-type': 'application/json' } })
  const ce = { ce_specversion: '1.0', ce_id: 'e-1', ce_source: '/shop', ce_type: 'placed', ce_note: 'Zoë "1"' }
  await publish('hello', { headers: { ...ce, 'content-type': 'text/plain', traceparent: '00-a' } })
  await until('both are there', () => receiver.got.length === 2)
  const [plain, own] = ['orders', 'placed'].map(type => receiver.got.find(({ headers }) => headers['ce-type'] === type))
  match(String(plain?.headers['ce-id']), /^orders-\d+-0$/)
  deepEqual(
    ['ce-specversion', 'ce-source', 'ce-subject', 'content-type', 'authorization'].map(name => plain?.headers[name]),
    ['1.0', '/topics/orders', 'o-1', 'application/json', 'Bearer me'],
  )
  deepEqual([plain?.path, plain?.body, own?.body], ['/in?a=1', '{"id":1}', 'hello'])
  deepEqual(
    ['ce-id', 'ce-note', 'content-type', 'traceparent', 'webhook-id'].map(name => own?.headers[name]),
    ['e-1', 'Zo%C3%AB%20%221%22', 'text/plain', '00-a', 'e-1'],
  )
  deepEqual(new Webhook(secret).verify(plain?.body ?? '', plain?.headers as Record<string, string>), { id: 1 })
})

test('order is kept for each key, and a subscriber gets what its filters want', async t => {
  const receiver = await aReceiver(t, (_got, res) => void setTimeout(() => res.writeHead(204).end(), Math.random() * 5))
  const { publish } = await pushing(t, { even: { url: receiver.url, filter: [{ of: '/even', value: true }] } })
  for (const n of range(60)) await publish(JSON.stringify({ n, even: n % 2 === 0 }), { key: `k-${n % 6}` })
  await until('all are there', () => receiver.got.length === 30)
  const byKey = Map.groupBy(receiver.got, ({ headers }) => String(headers['ce-subject']))
  for (const got of byKey.values()) {
    const order = got.map(({ body }) => (JSON.parse(body) as { n: number }).n)
    deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    )
  }
})

test('a batch is what came while the last one was on its way; one bad event of it is given up alone', async t => {
  type Event = Readonly<{ id: string; data: number }>
  const isBad = (body: string): boolean => (JSON.parse(body) as readonly Event[]).some(({ data }) => data === 7)
  const receiver = await aReceiver(
    t,
    ({ body }, res) => void setTimeout(() => res.writeHead(isBad(body) ? 400 : 200).end(), 10),
  )
  const { publish, broker } = await pushing(t, {
    log: { url: receiver.url, format: 'batch', partitions: 1, batchRecords: 10 },
  })
  const dead = await follow(t, broker, 'orders.dead')
  for (const n of range(30)) await publish(String(n))
  const taken = () => receiver.bodies.filter(body => !isBad(body)).flatMap(body => JSON.parse(body) as Event[])
  await until('all but one are there', () => taken().length === 29)
  equal(receiver.got[0]?.headers['content-type'], 'application/cloudevents-batch+json; charset=utf-8')
  deepEqual(
    taken().map(({ data }) => data),
    range(30).filter(n => n !== 7),
  )
  ok(receiver.got.length < 20, `${receiver.got.length} requests`)
  const letter = readDead(await until('one is dead', () => dead[0]))
  deepEqual([letter?.by, letter?.reason, letter?.attempts, letter?.origin.topic], ['push.log', 'refused', 1, 'orders'])
})

test('a receiver that is down for a while misses nothing, and gets nothing twice', async t => {
  let down = true
  const receiver = await aReceiver(t, (_got, res) => (down ? void res.destroy() : 204))
  const { publish, states, admin } = await pushing(t, { shop: { url: receiver.url } })
  for (const n of range(40)) await publish(String(n), { key: `k-${n % 7}` })
  const waits = await until('it is told', async () => {
    const { reasons } = await admin.ready()
    return reasons.find(reason => reason.startsWith('push.shop does not take events'))
  })
  match(waits, /The connection failed/)
  const tries = receiver.got.length
  ok(tries < 30, `${tries} attempts while it is down`)
  down = false
  receiver.got.length = 0
  await until('all are delivered', async () => (await states())['push.shop']?.['delivered'] === 40)
  deepEqual(
    [...numbers(receiver)].sort((a, b) => a - b),
    range(40),
  )
})

test('429 with Retry-After slows all, and is kept', async t => {
  const receiver = await aReceiver(t, (_got, _res, count) => (count === 1 ? [429, { 'retry-after': '1' }] : 204))
  const { publish } = await pushing(t, { shop: { url: receiver.url, connections: 1 } })
  for (const n of range(5)) await publish(String(n))
  await until('all are there', () => receiver.got.length === 6)
  const [first = 0, second = 0] = receiver.got.map(({ at }) => at)
  ok(second - first >= 990, `${second - first} ms`)
  deepEqual(new Set(numbers(receiver)), new Set(range(5)))
})

test('410 ends it, until an operator has it go on: then it misses nothing', async t => {
  const receiver = await aReceiver(t, () => 410)
  const { publish, states, change, admin } = await pushing(t, { shop: { url: receiver.url, from: 'earliest' } })
  for (const n of range(20)) await publish(String(n), { key: 'k' })
  await until('it has ended', async () => (await states())['push.shop']?.['state'] === 'ended')
  equal(receiver.got.length, 1)
  deepEqual((await admin.ready()).reasons, ['push.shop gets no more, as it has answered 410.'])
  receiver.script = () => 204
  receiver.got.length = 0
  equal((await change('nobody', 'running')).status, 404)
  equal((await change('shop', 'gone')).status, 400)
  equal((await change('shop', 'running')).status, 200)
  await until('all are there', () => receiver.got.length === 20)
  deepEqual(numbers(receiver), range(20))
})

test('a redirect to an address inside is not followed, and a URL that leads inside not connected to', async t => {
  const inside = await aReceiver(t)
  const receiver = await aReceiver(t, () => [307, { location: inside.url }])
  const { publish, broker } = await pushing(t, { moved: { url: receiver.url, maxAgeMs: 1_000 } })
  const dead = await follow(t, broker, 'orders.dead')
  await publish('a')
  const letter = readDead(await until('it is given up', () => dead[0]))
  deepEqual([letter?.reason, letter?.detail, inside.got.length], ['exhausted', 'It answered 307.', 0])

  const forbidden = await pushing(t, { inside: { url: inside.url, maxAgeMs: 1_000 } }, { egress: {} })
  const also = await follow(t, forbidden.broker, 'orders.dead')
  await forbidden.publish('b')
  match(readDead(await until('it is given up', () => also[0]))?.detail ?? '', /may be connected to: see egress\.allow/)
  equal(inside.got.length, 0)
})

test('a receiver that reads one byte a second, or answers so, is left in time, and its events come again', async t => {
  const receiver = await aReceiver(t, (_got, res, count) => {
    if (count > 1) return 204
    const timer = setInterval(() => res.socket?.write('H'), 1_000)
    res.on('close', () => clearInterval(timer))
    return undefined
  })
  const { publish } = await pushing(t, { slow: { url: receiver.url } })
  await publish('a')
  await until('it comes again', () => receiver.got.length === 2)
  const [first = 0, second = 0] = receiver.got.map(({ at }) => at)
  ok(second - first < 1_500, `${second - first} ms`)
})

test('subscribers of one topic are independent: one that is bad holds up no other', async t => {
  const bad = await aReceiver(t, () => 500)
  const hangs = await aReceiver(t, () => {})
  const good = await aReceiver(t)
  const { publish, states } = await pushing(t, {
    bad: { url: bad.url, ahead: 5 },
    hangs: { url: hangs.url, ahead: 5 },
    good: { url: good.url },
  })
  for (const n of range(100)) await publish(String(n), { key: `k-${n % 10}` })
  await until('the good one has all', () => good.got.length === 100)
  deepEqual(new Set(numbers(good)), new Set(range(100)))
  deepEqual([(await states())['push.bad']?.['delivered'], (await states())['push.bad']?.['dead']], [0, 0])
})

test('a stop waits for what is on its way, and whoever comes next goes on behind it', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const receiver = await aReceiver(t, (_got, res) => void setTimeout(() => res.writeHead(204).end(), 20))
  const push = { shop: { topic: 'orders', url: receiver.url, ...quick, connections: 2, from: 'earliest' } }
  const over = { egress: { allow: ['127.0.0.1'] }, push }
  const first = await openGateway(t, over, { broker })
  await first.gateway.ready
  const record = { topic: 'orders', headers: [], acks: 'all', signal: new Aborter() } as const
  for (const n of range(40)) {
    const key = Buffer.from(`k-${n}`)
    await broker.publish({ ...record, partition: broker.partitionFor('orders', key), key, value: Buffer.from(`${n}`) })
  }
  await until('it has begun', () => receiver.got.length >= 6)
  await first.gateway.stop({ delayMs: 0 })
  ok(receiver.got.length < 40)
  const second = await openGateway(t, over, { broker })
  await second.gateway.ready
  await until('all are there', () => new Set(receiver.bodies).size === 40)
  equal(receiver.got.length, 40, 'none came twice')
})

test('a record whose time is none is given up, and holds up nobody', async t => {
  const receiver = await aReceiver(t)
  const { publish, broker, states } = await pushing(t, { shop: { url: receiver.url, format: 'webhook' } })
  const [dead, timed] = [await follow(t, broker, 'orders.dead'), { value: Number.MAX_SAFE_INTEGER }]
  t.mock.method(Date, 'now', () => timed.value, { times: 1 })
  await publish('1', { key: 'k' })
  await publish('2', { key: 'k' })
  await until('the other is there', () => receiver.got.length === 1)
  equal(readDead(dead[0]!)?.detail, 'It cannot be written as an event.')
  deepEqual([(await states())['push.shop']?.['delivered'], (await states())['push.shop']?.['dead']], [1, 1])
})

test('a dead letter is sent again to its subscriber alone', async t => {
  const [shop, log] = [await aReceiver(t, ({ body }) => (body === 'bad' ? 400 : 204)), await aReceiver(t)]
  const { publish, broker } = await pushing(t, { shop: { url: shop.url }, log: { url: log.url } })
  await publish('bad')
  await until('both have had it', () => shop.got.length === 1 && log.got.length === 1)
  const letters = await until('it is dead', async () => {
    const found = await deadLetters(broker, 'orders.dead')
    return found.length > 0 ? found : null
  })
  shop.script = () => 204
  for (const letter of letters) await resend(broker, letter)
  await until('it is sent again', () => shop.got.length === 2)
  await publish('next')
  await until('both have the next', () => shop.got.length === 3 && log.got.length === 2)
  deepEqual(
    [shop.bodies, log.bodies],
    [
      ['bad', 'bad', 'next'],
      ['bad', 'next'],
    ],
  )
})
