import { test } from 'node:test'
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { historyOf, unlikeARegister } from '../help/history.ts'
import { until } from '../help/until.ts'
import { pause } from '../../src/clock.ts'

const keyed = (idempotency: Part = {}, more: Part = {}): Part => ({
  routes: { 'place-order': { idempotency, ...more } },
})
const withKey = (key: string, body: unknown = anOrder) => ({ body, headers: { 'idempotency-key': key } })

test('a repeated request is answered as the first, and its command runs once', async t => {
  const { ask, admin, worker } = await aGateway(t, keyed())
  const asked = ask('/orders', withKey('"k-1"'))
  const command = await worker.next()
  await command.reply({ status: 201, headers: { 'http-header-location': '/orders/o-1' } })
  const first = await asked
  const again = await ask('/orders', withKey('"k-1"'))
  deepEqual([first.status, first.headers['idempotency-replayed']], [201, undefined])
  deepEqual(
    [again.status, again.json, again.headers.location, again.headers['idempotency-replayed'], again.outcome],
    [201, anOrder, '/orders/o-1', 'true', 'sent'],
  )
  equal(worker.commands.length, 1)
  equal((await ask('/orders', withKey('k-1'))).status, 201, 'bare, it is the same key')
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_replays_total', { result: 'replayed' }), 2)
  equal(metrics.sum('sluice_replays_total', { result: 'bare' }), 1)
})

test('while the first runs a repetition is 409, and with another request the key is 422', async t => {
  const { ask, worker } = await aGateway(t, keyed())
  const first = ask('/orders', withKey('k'))
  const command = await worker.next()
  const second = await ask('/orders', withKey('k'))
  deepEqual([second.status, second.code, second.headers['retry-after']], [409, 'key-in-flight', '1'])
  const other = await ask('/orders', withKey('k', { ...anOrder, amount: 1 }))
  deepEqual([other.status, other.code], [422, 'key-reused'])
  ok(String(other.json['detail']).includes('86400 s'), 'the window is told')
  await command.reply({ status: 201 })
  equal((await first).status, 201)
  equal(worker.commands.length, 1)
})

test('where the route joins, a repetition waits for the answer of the first', async t => {
  const { ask, worker } = await aGateway(t, keyed({ inFlight: 'join' }))
  const asked = Array.from({ length: 10 }, () => ask('/orders', withKey('k')))
  const command = await worker.next()
  await command.reply({ status: 201 })
  deepEqual(
    (await Promise.all(asked)).map(({ status }) => status),
    Array.from({ length: 10 }, () => 201),
  )
  equal(worker.commands.length, 1)
})

test('a route may require a key, and malformed or endless ones are refused', async t => {
  const { ask, worker } = await aGateway(t, keyed({ key: 'required' }))
  deepEqual([(await ask('/orders', { body: anOrder })).code, worker.commands.length], ['key-missing', 0])
  for (const key of ['"open', 'a b', 'x'.repeat(10_000), '"bell\\a"', ''])
    equal((await ask('/orders', withKey(key))).code, 'invalid-request', key.slice(0, 20))
})

test('without a key of its own a request is known by what it says, where the route says so', async t => {
  const { ask, worker } = await aGateway(t, keyed({ key: 'derived' }))
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: anOrder })).headers['idempotency-replayed'], undefined)
  equal((await ask('/orders', { body: anOrder })).headers['idempotency-replayed'], 'true')
  equal((await ask('/orders', { body: { ...anOrder, amount: 7 } })).headers['idempotency-replayed'], undefined)
  equal(worker.commands.length, 2)
})

test('a key is that of one client', async t => {
  const { ask, worker } = await aGateway(t, { ...keyed(), server: { trustedProxies: ['127.0.0.1'] } })
  worker.always(command => void command.reply({ status: 201 }))
  for (const client of ['192.0.2.1', '192.0.2.2'])
    equal(
      (
        await ask('/orders', {
          body: anOrder,
          headers: { 'idempotency-key': 'k', 'x-forwarded-for': client },
        })
      ).headers['idempotency-replayed'],
      undefined,
    )
  equal(new Set(worker.commands.map(command => command.header('ce_id'))).size, 2)
})

test('what is certainly not sent frees its key; what may run keeps it, with the same ce_id', async t => {
  const { ask, worker } = await aGateway(t, {
    ...keyed({}, { timeoutMs: 300 }),
    broker: { publish: { attemptMs: 100, attempts: 1 } },
    workers: { orders: { bulkhead: { limit: 'fixed', slots: 1, queue: 0 } } },
  })
  const slot = ask('/orders', withKey('a'))
  const holding = await worker.next()
  equal((await ask('/orders', withKey('b'))).code, 'bulkhead-full')
  await holding.reply()
  equal((await slot).status, 200)

  const freed = await until('the key is free', async () => {
    const answer = ask('/orders', withKey('b'))
    const { code } = await answer
    return code === 'key-in-flight' ? null : answer
  })
  equal(freed.code, 'reply-timeout')
  equal((await ask('/orders', withKey('b'))).headers['idempotency-replayed'], undefined)
  const sent = worker.commands.filter(command => command.header('ce_id') === worker.commands[1]!.header('ce_id'))
  equal(sent.length, worker.commands.length - 1, 'whoever came again with the key has the same ce_id')
})

test('a request with a key that takes an operation gets the same one again', async t => {
  const { ask, worker } = await aGateway(t, keyed({}, { async: 'offer', commandTtlMs: 60_000 }))
  const asked = { body: anOrder, headers: { 'idempotency-key': 'k', prefer: 'respond-async' } }
  const first = await ask('/orders', asked)
  const again = await ask('/orders', asked)
  deepEqual([first.status, again.status, again.headers['idempotency-replayed']], [202, 202, 'true'])
  equal(again.headers.location, first.headers.location)
  await (await worker.next()).reply({ status: 201 })
  equal((await ask(first.headers.location!, { headers: { prefer: 'wait=5' } })).status, 201)
  const after = await ask('/orders', asked)
  deepEqual([after.status, after.json], [201, anOrder])
  equal(worker.commands.length, 1)
})

test('two instances, 50 at once with one key, 200 keys: each runs once, everywhere with the same answer', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const over = {
    ...keyed({ inFlight: 'join' }),
    workers: { orders: { bulkhead: { mode: 'off' } } },
    broker: { publish: { attemptMs: 4_000 } },
    routes: { 'place-order': { timeoutMs: 30_000, idempotency: { inFlight: 'join' } } },
  }
  const first = await aGateway(t, { ...over, instance: { id: 'a' } }, { broker })
  const second = await openGateway(t, { ...over, instance: { id: 'b' } }, { broker })
  await second.gateway.ready
  let runs = 0
  first.worker.always(command => void command.reply({ status: 201, body: JSON.stringify({ run: ++runs }) }))
  const answers: Readonly<{ key: string; status: number; text: string }>[] = []
  const askAll = async (key: string): Promise<void> => {
    const asked = Array.from({ length: 50 }, async (_, i) => {
      const { ask } = i % 2 === 0 ? first : second
      const { status, text } = await ask('/orders', withKey(key, { orderId: key, amount: 1 }))
      answers.push({ key, status, text })
    })
    await Promise.all(asked)
  }
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`)
  while (keys.length > 0) await Promise.all(keys.splice(0, 4).map(askAll))
  equal(answers.length, 10_000)
  deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  equal(first.worker.commands.length, 200, 'each ran once')
  for (const [key, all] of Map.groupBy(answers, ({ key }) => key))
    equal(new Set(all.map(({ text }) => text)).size, 1, key)
})

test('what clients of two instances see of their keys is the history of a register for each', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const first = await aGateway(t, { ...keyed({}, { timeoutMs: 20_000 }), instance: { id: 'a' } }, { broker })
  const second = await openGateway(t, { ...keyed({}, { timeoutMs: 20_000 }), instance: { id: 'b' } }, { broker })
  await second.gateway.ready
  let runs = 0
  first.worker.always(command => void pause(20).then(() => command.reply({ status: 201, body: String(++runs) })))
  const history = await historyOf([first.ask, second.ask], { keys: 20, times: 10, withinMs: 100 })
  equal(unlikeARegister(history), null)
  equal(runs, 20)
  ok(history.some(({ ran }) => ran === null) && history.some(({ replayed }) => replayed), 'both were seen')
})

test('a restarted instance still knows the answers', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const first = await aGateway(t, keyed(), { broker })
  const asked = first.ask('/orders', withKey('k'))
  await (await first.worker.next()).reply({ status: 201 })
  const { text } = await asked
  await first.gateway.stop({ delayMs: 0 })
  const second = await openGateway(t, keyed(), { broker })
  await second.gateway.ready
  const again = await second.ask('/orders', withKey('k'))
  deepEqual([again.status, again.text, again.headers['idempotency-replayed']], [201, text, 'true'])
  notEqual(again.headers['sluice-call-id'], undefined)
})

test('answers beyond memory are on disk, and given again', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'operations.db')
  const { ask, worker } = await aGateway(t, { ...keyed(), operations: { entries: 5, file } })
  worker.always(command => void command.reply({ status: 201, body: command.body }))
  const order = (i: number) => ({ orderId: `o-${i}`, amount: i })
  for (let i = 0; i < 40; i++) equal((await ask('/orders', withKey(`k-${i}`, order(i)))).status, 201)
  for (let i = 0; i < 40; i++) {
    const { json, headers } = await ask('/orders', withKey(`k-${i}`, order(i)))
    deepEqual([json, headers['idempotency-replayed']], [order(i), 'true'])
  }
  equal(worker.commands.length, 40)
  equal(((await ask('/operations?limit=100')).json['operations'] as object[]).length, 40)
})

test('a command with a key that is not answered in time says where its answer will be', async t => {
  const { ask, worker } = await aGateway(t, keyed({}, { timeoutMs: 200, commandTtlMs: 60_000 }))
  const late = await ask('/orders', withKey('k'))
  deepEqual([late.status, late.code], [504, 'reply-timeout'])
  await (await worker.next()).reply({ status: 201 })
  const place = late.headers.location!
  deepEqual((await ask(place, { headers: { prefer: 'wait=5' } })).json, anOrder)
  const again = await ask('/orders', withKey('k'))
  deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true'])
  equal((await ask('/orders', { body: {} })).headers.location, undefined)
})
