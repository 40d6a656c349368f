import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { events } from '../../src/events.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const offered = { routes: { 'place-order': { async: 'offer', commandTtlMs: 60_000 } } }
const late = { routes: { 'place-order': { onTimeout: 'accept', timeoutMs: 100, commandTtlMs: 60_000 } } }
const respondAsync = { headers: { prefer: 'respond-async' } }

test('a client that prefers it gets 202 at once, and the reply at the operation', async t => {
  const { ask, worker } = await aGateway(t, offered)
  const answer = await ask('/orders', { body: anOrder, ...respondAsync })
  equal(answer.status, 202)
  equal(answer.headers['preference-applied'], 'respond-async')
  equal(answer.headers['retry-after'], '1')
  equal(answer.outcome, 'sent')
  const place = answer.headers.location!
  match(place, /^\/operations\/o[\w-]{22}$/)
  equal(answer.json['state'], 'pending')

  const pending = await ask(place)
  deepEqual([pending.status, pending.json['state'], pending.outcome], [202, 'pending', 'sent'])
  const { etag } = pending.headers
  equal((await ask(place, { headers: { 'if-none-match': etag! } })).status, 304)

  const waiting = ask(place, { headers: { prefer: 'wait=10' } })
  const command = await worker.next()
  match(command.header('sluice-correlation-id')!, /^op\./)
  await command.reply({ status: 201, headers: { 'http-header-location': '/orders/o-1' } })
  const done = await waiting
  deepEqual([done.status, done.json, done.headers.location], [201, anOrder, '/orders/o-1'])
  equal(done.headers['sluice-operation'], 'completed')
  ok(done.headers.etag !== etag)
})

test('whoever waits a while gets the reply if it comes in time, else an operation (RFC 7240, 4.3)', async t => {
  const { ask, worker } = await aGateway(t, offered)
  const prefer = { headers: { prefer: 'respond-async, wait=1' } }
  const quick = ask('/orders', { body: anOrder, ...prefer })
  await (await worker.next()).reply({ status: 201 })
  deepEqual([(await quick).status, (await quick).headers['preference-applied']], [201, 'wait=1'])

  const slow = await ask('/orders', { body: anOrder, ...prefer })
  deepEqual([slow.status, slow.headers['preference-applied']], [202, 'respond-async, wait=1'])
  ok(slow.ms > 700 && slow.ms < 1_100, `${slow.ms} ms`)
})

test('on a route that does not offer it, nobody gets an operation', async t => {
  const { ask, worker } = await aGateway(t)
  const answered = ask('/orders', { body: anOrder, ...respondAsync })
  const command = await worker.next()
  ok(!command.header('sluice-correlation-id')!.startsWith('op.'))
  await command.reply({ status: 201 })
  equal((await answered).status, 201)
  equal((await ask('/operations')).code, 'unknown-route')
})

test('a route that is always asynchronous needs no preference', async t => {
  const { ask } = await aGateway(t, { routes: { 'place-order': { async: 'always' } } })
  const answer = await ask('/orders', { body: anOrder })
  deepEqual([answer.status, answer.headers['preference-applied']], [202, undefined])
})

test('where 504 becomes 202, the late reply completes the operation', async t => {
  const { ask, admin, worker } = await aGateway(t, late)
  const answer = await ask('/orders', { body: anOrder })
  equal(answer.status, 202)
  await (await worker.next()).reply({ status: 201 })
  const place = answer.headers.location!
  await until('it is done', async () => (await ask(place)).status === 201)
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_late_reply_seconds_count', { worker: 'orders' }), 1)
  equal(metrics.sum('sluice_in_flight', { worker: 'orders' }), 0)
})

test('an operation whose worker answers what cannot be passed on has failed', async t => {
  const { ask, worker } = await aGateway(t, offered)
  const { headers } = await ask('/orders', { body: anOrder, ...respondAsync })
  await (await worker.next()).reply({ status: 'many' })
  const answer = await ask(headers.location!, { headers: { prefer: 'wait=5' } })
  deepEqual([answer.status, answer.code, answer.outcome], [502, 'bad-reply', 'sent'])
})

test('an operation that nobody answers in time has expired', async t => {
  const { ask } = await aGateway(t, {
    routes: { 'place-order': { async: 'offer', timeoutMs: 1_500, commandTtlMs: 1_500 } },
    broker: { publish: { attemptMs: 100 } },
  })
  const { headers } = await ask('/orders', { body: anOrder, ...respondAsync })
  const answer = await ask(headers.location!, { headers: { prefer: 'wait=10' } })
  deepEqual([answer.status, answer.code], [410, 'operation-expired'])
})

test('unknown, malformed and foreign operations are all 404', async t => {
  const { ask } = await aGateway(t, { ...offered, server: { trustedProxies: ['127.0.0.1'] } })
  const mine = { 'x-forwarded-for': '192.0.2.1' }
  const { headers } = await ask('/orders', { body: anOrder, headers: { prefer: 'respond-async', ...mine } })
  for (const path of ['/operations/x', `/operations/o${'A'.repeat(22)}`, headers.location!])
    deepEqual([(await ask(path)).status, (await ask(path)).code], [404, 'unknown-operation'])
  equal((await ask(headers.location!, { headers: mine })).status, 202)
})

test('a client sees its own operations, the latest first, page by page', async t => {
  const { ask } = await aGateway(t, { ...offered, server: { trustedProxies: ['127.0.0.1'] } })
  const places: string[] = []
  for (let i = 0; i < 5; i++)
    places.unshift((await ask('/orders', { body: anOrder, ...respondAsync })).headers.location!)
  await ask('/orders', { body: anOrder, headers: { prefer: 'respond-async', 'x-forwarded-for': '192.0.2.1' } })
  const seen: string[] = []
  let path: string | undefined = '/operations?limit=2'
  while (path !== undefined) {
    const { json } = await ask(path)
    seen.push(...(json['operations'] as { id: string }[]).map(({ id }) => `/operations/${id}`))
    path = json['next'] as string | undefined
  }
  deepEqual(seen, places)
  equal((await ask('/operations?limit=0')).code, 'invalid-request')
})

test('an operation outlives its instance: others serve it, and complete it with its late reply', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const first = await aGateway(t, { ...offered, instance: { id: 'a' } }, { broker })
  const second = await openGateway(t, { ...offered, instance: { id: 'b' } }, { broker })
  await second.gateway.ready
  const { headers } = await first.ask('/orders', { body: anOrder, ...respondAsync })
  const place = headers.location!
  equal((await second.ask(place)).status, 202)
  await first.gateway.stop({ delayMs: 0 })
  await (await first.worker.next()).reply({ status: 201 })
  const done = await second.ask(place, { headers: { prefer: 'wait=20' } })
  deepEqual([done.status, done.json], [201, anOrder])
  const third = await openGateway(t, { ...offered, instance: { id: 'c' } }, { broker })
  await third.gateway.ready
  deepEqual([(await third.ask(place)).status, (await third.ask(place)).json], [201, anOrder])
})

test('a reply that came while all instances were away completes its operation', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const first = await aGateway(t, offered, { broker })
  const { headers } = await first.ask('/orders', { body: anOrder, ...respondAsync })
  await first.gateway.stop({ delayMs: 0 })
  await (await first.worker.next()).reply({ status: 201 })
  const again = await openGateway(t, offered, { broker })
  await again.gateway.ready
  equal((await again.ask(headers.location!, { headers: { prefer: 'wait=20' } })).status, 201)
})

test('an instance that stops turns its running calls into operations where their route allows it', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const drain = { drain: { limitMs: 100 } }
  const first = await aGateway(t, { ...offered, ...drain }, { broker })
  const asked = first.ask('/orders', { body: anOrder })
  const command = await first.worker.next()
  await first.gateway.stop({ delayMs: 0 })
  const answer = await asked
  equal(answer.status, 202)
  await command.reply({ status: 201 })
  const second = await openGateway(t, offered, { broker })
  await second.gateway.ready
  equal((await second.ask(answer.headers.location!, { headers: { prefer: 'wait=20' } })).status, 201)
})

test('an instance that begins says how far it has read the log, and denies nothing that it has not read', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const over = { routes: { 'place-order': { async: 'offer', commandTtlMs: 60_000, idempotency: {} } } }
  const first = await aGateway(t, over, { broker })
  const { headers } = await first.ask('/orders', { body: anOrder, ...respondAsync })
  for (let i = 0; i < 19; i++) await first.ask('/orders', { body: anOrder, ...respondAsync })
  broker.slow(400)
  const second = await openGateway(t, over, { broker })
  const reason = await until('it says so', async () => {
    const { reasons } = await second.admin.ready()
    return reasons.find(text => text.startsWith('The log of operations is being read'))
  })
  match(reason, /: \d+ of (2\d|3\d) records\.$/)
  for (const path of ['/operations', headers.location!])
    deepEqual([(await second.ask(path)).status, (await second.ask(path)).code], [503, 'not-ready'])
  const keyed = await second.ask('/orders', { body: anOrder, headers: { 'idempotency-key': 'k' } })
  deepEqual([keyed.code, keyed.outcome], ['not-ready', 'not-sent'])
  broker.slow(0)
  await second.gateway.ready
  equal((await second.ask(headers.location!)).status, 202)
  equal(((await second.ask('/operations?limit=500')).json['operations'] as object[]).length, 20)
})

test('a start warns of the routes whose operations belong to addresses, and of no other', async t => {
  const told: string[] = []
  const listen = ({ what }: Readonly<{ what: string }>): void => void told.push(what)
  events.warning.subscribe(listen)
  t.after(() => events.warning.unsubscribe(listen))
  const identity = { providers: { partners: { apiKeys: { file: 'examples/identity/keys.txt' } } } }
  const named = { identity, routes: { 'place-order': { async: 'offer', identity: 'required' } } }
  await openGateway(t, named)
  deepEqual(told, [])
  await openGateway(t, { identity, routes: { 'place-order': { async: 'offer', identity: 'optional' } } })
  deepEqual(told, [
    'Operations and Idempotency-Keys belong to the addresses of clients, as nobody else names them: place-order.',
  ])
})
