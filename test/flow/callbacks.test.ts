import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { Webhook } from 'standardwebhooks'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { aReceiver } from '../help/receiver.ts'
import { until } from '../help/until.ts'

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`
const token = 'a-token-of-sixteen'

const configOf = (origin: string, over: Part = {}): Part => ({
  admin: { token },
  routes: { 'place-order': { async: 'offer', commandTtlMs: 60_000 } },
  egress: { allow: ['127.0.0.1'] },
  operations: {
    callbacks: {
      receivers: { shop: { origin, signingKey: secret } },
      retryMs: 20,
      retryCapMs: 100,
      timeoutMs: 1_000,
      ...over,
    },
  },
})
const asking = (url: string) => ({ headers: { prefer: `respond-async, callback; url="${url}"` } })

test('the end of an operation is told to its callback, once, as Standard Webhooks has it', async t => {
  const receiver = await aReceiver(t)
  const { ask, worker } = await aGateway(t, configOf(receiver.url))
  const { status, headers } = await ask('/orders', { body: anOrder, ...asking(`${receiver.url}/hook?a=1`) })
  deepEqual([status, headers['preference-applied']], [202, 'respond-async, callback'])
  await (
    await worker.next()
  ).reply({ status: 201, headers: { 'http-header-location': '/orders/o-1', 'http-header-x': 'y' } })
  await until('it is called', () => receiver.got.length > 0)
  const [got] = receiver.got
  equal(got?.path, '/hook?a=1')
  const told = new Webhook(secret).verify(got?.body ?? '', got?.headers as Record<string, string>) as Told
  const id = headers.location?.split('/').at(-1)
  deepEqual([told.type, told.data['id'], got?.headers['webhook-id']], ['operation.completed', id, id])
  deepEqual(told.data['reply'], {
    status: 201,
    headers: { 'content-type': 'application/json', location: '/orders/o-1' },
    body: anOrder,
  })
  const done = await until('it is known', async () => {
    const answer = await ask('/operations')
    return (answer.json['operations'] as Told['data'][])[0]?.['callback'] === 'delivered' ? answer : null
  })
  equal(done.status, 200)
  equal(receiver.got.length, 1)
})

type Told = Readonly<{ type: string; data: Readonly<Record<string, unknown>> }>

test('an operation that fails or expires is told, too', async t => {
  const receiver = await aReceiver(t)
  const over = { routes: { 'place-order': { async: 'offer', timeoutMs: 1_500, commandTtlMs: 1_500 } } }
  const { ask, worker } = await aGateway(t, {
    ...configOf(receiver.url),
    ...over,
    broker: { publish: { attemptMs: 100 } },
  })
  await ask('/orders', { body: anOrder, ...asking(receiver.url) })
  await (await worker.next()).reply({ status: 'many' })
  await ask('/orders', { body: anOrder, ...asking(receiver.url) })
  await until('both are told', () => receiver.got.length === 2, 10_000)
  const told = receiver.bodies.map(body => JSON.parse(body) as Told)
  deepEqual(
    told.map(({ type }) => type),
    ['operation.failed', 'operation.expired'],
  )
  equal((told[0]!.data['problem'] as { code: string }).code, 'bad-reply')
})

test('a URL of any other origin is refused before anything is sent', async t => {
  const receiver = await aReceiver(t)
  const { ask, broker } = await aGateway(t, configOf(receiver.url))
  const { port } = new URL(receiver.url)
  const urls = [
    'https://evil.example/',
    `http://user@127.0.0.1:${port}/`,
    `http://localhost:${port}/`,
    'file:///etc/passwd',
    '/hook',
    `${receiver.url}/#a`,
    `${receiver.url}/${'a'.repeat(2_100)}`,
  ]
  for (const url of urls) {
    const answer = await ask('/orders', { body: anOrder, ...asking(url) })
    deepEqual([answer.status, answer.code, answer.outcome], [403, 'callback-forbidden', 'not-sent'], url)
  }
  deepEqual(
    await broker.admin.ends('orders.commands'),
    Array.from({ length: 12 }, () => 0n),
  )
})

test('an origin that leads inside is not connected to, unless that is allowed', async t => {
  const receiver = await aReceiver(t)
  const { ask, admin, worker } = await aGateway(t, { ...configOf(receiver.url, { maxAgeMs: 1_000 }), egress: {} })
  await ask('/orders', { body: anOrder, ...asking(receiver.url) })
  await (await worker.next()).reply({ status: 201 })
  const [dead] = await until('it is given up', async () => {
    const { json } = await admin.ask('/callbacks')
    const all = json as unknown as readonly Readonly<Record<string, string>>[]
    return all[0]?.['state'] === 'exhausted' ? all : null
  })
  match(dead?.['detail'] ?? '', /has no address that may be connected to/)
  equal(receiver.got.length, 0)
})

test('a redirect inside is not followed, 410 ends it, and what was given up is sent again when an operator says so', async t => {
  const inside = await aReceiver(t)
  const receiver = await aReceiver(t, (_got, _res, count) => (count === 1 ? [302, { location: inside.url }] : 410))
  const { ask, admin, worker } = await aGateway(t, configOf(receiver.url))
  const { headers } = await ask('/orders', { body: anOrder, ...asking(receiver.url) })
  const id = headers.location?.split('/').at(-1) ?? ''
  await (await worker.next()).reply({ status: 201 })
  const seen = async () =>
    ((await admin.ask('/callbacks')).json as unknown as readonly Readonly<Record<string, unknown>>[])[0]
  const ended = await until('it has ended', async () => {
    const first = await seen()
    return first?.['state'] === 'ended' ? first : null
  })
  deepEqual([ended['id'], ended['attempts'], ended['detail']], [id, 2, 'It answered 410.'])
  equal(inside.got.length, 0)
  const again = (who: string) =>
    admin.ask(`/callbacks/${who}`, { method: 'PUT', headers: { authorization: `Bearer ${token}` } })
  equal((await again('ojjjjjjjjjjjjjjjjjjjjjj')).status, 404)
  receiver.script = () => 204
  equal((await again(id)).status, 200)
  await until('it is told', async () => (await seen()) === undefined)
  deepEqual(
    receiver.got.map(got => got.headers['webhook-id']),
    [id, id, id],
  )
})

test('Retry-After is kept, and a receiver that is down for a while gets all of it once', async t => {
  const receiver = await aReceiver(t, (_got, _res, count) => (count === 1 ? [429, { 'retry-after': '1' }] : 200))
  const { ask, worker } = await aGateway(t, configOf(receiver.url))
  const order = async (): Promise<void> => {
    await ask('/orders', { body: anOrder, ...asking(receiver.url) })
    await (await worker.next()).reply({ status: 201 })
  }
  await order()
  await until('it was asked once', () => receiver.got.length === 1)
  await order()
  await until('both are told', () => receiver.got.length === 3)
  const times = receiver.got.map(({ at }) => at)
  ok((times[1] ?? 0) - (times[0] ?? 0) >= 990, String(times))
})

test('when the instance that was to call is gone, another calls', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const receiver = await aReceiver(t, () => 503)
  const first = await aGateway(t, { ...configOf(receiver.url), instance: { id: 'a' } }, { broker })
  await first.ask('/orders', { body: anOrder, ...asking(receiver.url) })
  await (await first.worker.next()).reply({ status: 201 })
  await until('it was tried', () => receiver.got.length > 0)
  await first.gateway.stop({ delayMs: 0 })
  receiver.script = () => 200
  const before = receiver.got.length
  const second = await openGateway(t, { ...configOf(receiver.url), instance: { id: 'b' } }, { broker })
  const third = await openGateway(t, { ...configOf(receiver.url), instance: { id: 'c' } }, { broker })
  await Promise.all([second.gateway.ready, third.gateway.ready])
  await until('it is told', () => receiver.got.length > before)
  await until('all know', async () => ((await third.admin.ask('/callbacks')).json as unknown as object[]).length === 0)
  equal(receiver.got.length, before + 1)
})

test('where no callbacks are configured the preference is passed over', async t => {
  const { ask } = await aGateway(t, { routes: { 'place-order': { async: 'offer' } } })
  const { status, headers } = await ask('/orders', { body: anOrder, ...asking('https://evil.example/') })
  deepEqual([status, headers['preference-applied']], [202, 'respond-async'])
})
