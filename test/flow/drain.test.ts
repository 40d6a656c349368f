import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const patient = { routes: { 'place-order': { timeoutMs: 60_000 } } }

test('who stops says so, serves on for the delay, then refuses what is new and ends what is running', async t => {
  const delayMs = 1_000
  const { ask, admin, gateway, worker } = await aGateway(t, { ...patient, drain: { delayMs, limitMs: 60_000 } })
  const running = ask('/orders', { body: anOrder })
  const command = await worker.next()

  const begun = performance.now()
  const stopped = gateway.stop()
  equal(gateway.stopping, true)
  const { status, reasons } = await admin.ready()
  deepEqual([status, reasons], [503, ['the instance is stopping']])
  equal((await admin.ask('/livez')).status, 200)
  const served = ask('/orders', { body: { ...anOrder, orderId: 'o-2' } })
  await (await worker.next()).reply({ status: 201 })
  equal((await served).status, 201)
  ok(performance.now() - begun < delayMs, 'this machine is too slow for this test')
  equal((await served).headers.connection, 'close')

  const refused = await until('new calls are refused', async () => {
    const answer = ask('/signals', { body: {} })
    return (await answer).status === 503 ? await answer : null
  })
  ok(performance.now() - begun >= delayMs - 1, 'it served for the whole delay')
  deepEqual([refused.code, refused.outcome, refused.headers.connection], ['draining', 'not-sent', 'close'])
  ok(Number(refused.headers['retry-after']) >= 1)

  await command.reply({ status: 201 })
  const last = await running
  deepEqual([last.status, last.headers.connection], [201, 'close'])
  await stopped
  await rejects(ask('/orders', { body: anOrder }), { code: 'ECONNREFUSED' })
  await rejects(admin.ask('/livez'), { code: 'ECONNREFUSED' })
})

test('what still runs at the limit is answered with what is known of it', async t => {
  const { ask, gateway, worker } = await aGateway(t, { ...patient, drain: { delayMs: 0, limitMs: 50 } })
  const running = ask('/orders', { body: anOrder })
  await worker.next()
  await gateway.stop()
  const { status, code, outcome, json } = await running
  deepEqual([status, code, outcome], [504, 'reply-timeout', 'sent'])
  equal(json['detail'], 'The gateway stopped before the reply came.')
})

test('stopping twice is stopping once', async t => {
  const { gateway } = await aGateway(t)
  await Promise.all([gateway.stop(), gateway.stop(), gateway[Symbol.asyncDispose]()])
  equal(gateway.stopping, true)
})

test('a gateway that is not ready yet stops at once, whatever it waits for', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  broker.subscribe = () => {
    ask()
    return new Promise(() => {})
  }
  const { gateway } = await openGateway(t, { drain: { delayMs: 60_000 } }, { broker })
  await asked
  await gateway.stop()
})

test('the broker that it was given stays open', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const { gateway } = await aGateway(t, {}, { broker })
  await gateway.stop()
  equal(broker.state, 'ready')
})
