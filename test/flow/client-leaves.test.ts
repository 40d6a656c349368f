import { test } from 'node:test'
import { equal, ok, rejects } from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { alarms } from '../../src/clock.ts'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const slots = (slots: number, queue: number, timeoutMs: number): Part => ({
  workers: { orders: { bulkhead: { limit: 'fixed', slots, queue, maxWaitMs: 60_000 }, breaker: { mode: 'off' } } },
  routes: { 'place-order': { timeoutMs } },
})

test('a client that leaves while it waits for a slot has sent nothing, and leaves its place to others', async t => {
  const { ask, admin, worker } = await aGateway(t, slots(1, 1, 60_000))
  const waiting = async (): Promise<number> => (await admin.metrics()).sum('sluice_waiting', { worker: 'orders' })
  const first = ask('/orders', { body: anOrder })
  const command = await worker.next()

  const leaving = new AbortController()
  const second = ask('/orders', { body: { ...anOrder, orderId: 'o-2' }, signal: leaving.signal })
  const left = rejects(second)
  await until('the second waits', async () => (await waiting()) === 1)
  leaving.abort()
  await left
  await until('its place is free', async () => (await waiting()) === 0)

  await command.reply({ status: 201 })
  equal((await first).status, 201)
  equal(worker.commands.length, 1)
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_calls_total', { outcome: 'not-sent', code: 'client-gone' }), 1)
})

test('a client that leaves within its body has sent nothing', async t => {
  const { gateway, admin, worker } = await aGateway(t)
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"orderId":"o-1",')
  await new Promise<void>(resolve => setImmediate(resolve))
  socket.destroy()
  // half of a request and then the end of the stream: whether anybody still reads the answer is not to be known
  await until(
    'the request has ended',
    async () => (await admin.metrics()).sum('sluice_calls_total', { outcome: 'not-sent', status: '4xx' }) === 1,
  )
  equal(worker.commands.length, 0)
})

test('a client that leaves after publishing leaves its slot taken until the reply', async t => {
  const { ask, admin, worker } = await aGateway(t, slots(1, 0, 60_000))
  const leaving = new AbortController()
  const left = rejects(ask('/orders', { body: anOrder, signal: leaving.signal }))
  const command = await worker.next()
  leaving.abort()
  await left
  await until(
    'the request has ended',
    async () => (await admin.metrics()).sum('sluice_calls_total', { code: 'client-gone', outcome: 'sent' }) === 1,
  )
  equal((await ask('/orders', { body: anOrder })).code, 'bulkhead-full')
  await command.reply({ status: 201 })
  await until('the slot is free', async () => (await admin.metrics()).sum('sluice_in_flight') === 0)
  equal((await admin.metrics()).sum('sluice_replies_total', { class: 'answered' }), 1)
  const next = ask('/orders', { body: anOrder })
  await (await worker.next()).reply({ status: 201 })
  equal((await next).status, 201)
})

test('without a reply it is taken until the command expires, and not longer', async t => {
  const timeoutMs = 150
  const { ask, worker } = await aGateway(t, slots(1, 0, timeoutMs))
  const leaving = new AbortController()
  const left = rejects(ask('/orders', { body: anOrder, signal: leaving.signal }))
  const { expires } = await worker.next()
  leaving.abort()
  await left
  await until('the slot is free', async () => {
    const { code } = await ask('/orders', { body: anOrder })
    if (code === 'reply-timeout') return true
    equal(code, 'bulkhead-full')
    return false
  })
  const again = await worker.next()
  ok(again.expires - timeoutMs >= expires - 2, `the next command began ${expires - again.expires + timeoutMs} ms early`)
})

test('clients that hang up leave no more unexpired commands in the topic than there are slots', async t => {
  const { ask, admin, worker } = await aGateway(t, {
    ...slots(20, 10, 400),
    workers: {
      orders: { bulkhead: { limit: 'fixed', slots: 20, queue: 10, maxWaitMs: 20 }, breaker: { mode: 'off' } },
    },
  })
  let most = 0
  worker.always(() => {
    const now = Date.now()
    most = Math.max(most, worker.commands.filter(({ expires }) => expires > now).length)
  })
  const before = alarms()
  const hangUp = async (): Promise<void> => {
    const leaving = new AbortController()
    const asked = ask('/orders', { body: anOrder, signal: leaving.signal })
    setTimeout(() => leaving.abort(), 50)
    await asked.then(
      ({ code }) => equal(code, 'bulkhead-full'),
      () => {},
    )
  }
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 40 }, hangUp))
  ok(worker.commands.length > 0)
  ok(most <= 20, `${most} unexpired commands at once`)
  // what the clients sent may still wait to be read
  await until('all is over', async () => (await admin.metrics()).sum('sluice_in_flight') === 0, 60_000)
  await until('no alarm is left', () => alarms() <= before)
})
