import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const faults = (kind: string, rule: object = {}, more: Part = {}): Part => ({
  faults: { mode: 'enforce', rules: { it: { kind, percent: 100, ...rule } } },
  ...more,
})
const order = { body: anOrder }
const another = (i: number): { body: object } => ({ body: { ...anOrder, orderId: `o-${i}` } })
const circuit = (breaker: object): Part => ({
  workers: { orders: { breaker: { consecutive: 3, minCalls: 3, openMs: 60_000, ...breaker } } },
})

test('lost replies open the circuit of the worker, as silence does; the commands are sent', async t => {
  const { ask, admin, worker } = await aGateway(
    t,
    faults('lost-reply', { route: 'place-order' }, { ...circuit({}), routes: { 'place-order': { timeoutMs: 100 } } }),
  )
  worker.always(command => void command.reply({ status: 201 }))
  for (let i = 0; i < 3; i++) {
    const { code, outcome } = await ask('/orders', another(i))
    deepEqual([code, outcome], ['reply-timeout', 'sent'])
  }
  equal((await ask('/orders', order)).code, 'circuit-open')
  equal(worker.commands.length, 3)
  equal((await admin.metrics()).sum('sluice_faults_total', { kind: 'lost-reply', route: 'place-order' }), 3)
})

test('an abort counts as the worker’s answer, reaches no worker, and says so', async t => {
  const { ask, worker } = await aGateway(t, faults('abort', { status: 503 }, circuit({})))
  for (let i = 0; i < 3; i++) {
    const { status, code, outcome } = await ask('/orders', order)
    deepEqual([status, code, outcome], [503, null, 'not-sent'])
  }
  equal((await ask('/orders', order)).code, 'circuit-open')
  equal(worker.commands.length, 0)
})

test('garbled replies are bad replies, and count against the worker', async t => {
  const { ask, worker } = await aGateway(t, faults('garbled-reply', {}, circuit({})))
  worker.always(command => void command.reply({ status: 201 }))
  for (let i = 0; i < 3; i++) equal((await ask('/orders', order)).code, 'bad-reply')
  equal((await ask('/orders', order)).code, 'circuit-open')
})

test('a duplicate reply is counted, and the client gets one answer', async t => {
  const { ask, admin, worker } = await aGateway(t, faults('duplicate-reply'))
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', order)).status, 201)
  equal((await admin.metrics()).sum('sluice_replies_total', { class: 'duplicate' }), 1)
})

test('a delayed reply takes the time of the worker', async t => {
  const { ask, worker } = await aGateway(t, faults('delay', { delayMs: 120 }))
  worker.always(command => void command.reply({ status: 201 }))
  const { status, ms, headers } = await ask('/orders', order)
  equal(status, 201)
  ok(ms >= 119, `after ${ms} ms`)
  const [, workerMs] = /worker;dur=([\d.]+)/.exec(String(headers['server-timing'])) ?? []
  ok(Number(workerMs) >= 119, String(headers['server-timing']))
})

test('refused publishing is tried again, then opens the circuit of the cluster: nothing is sent', async t => {
  const { ask, admin, worker } = await aGateway(
    t,
    faults('refused-publish', {}, { broker: { publish: { baseMs: 1, capMs: 1, breaker: { openMs: 60_000 } } } }),
  )
  const first = await ask('/orders', order)
  deepEqual([first.code, first.outcome], ['broker-unavailable', 'not-sent'])
  equal((await admin.metrics()).sum('sluice_retries_total'), 2)
  await until('the circuit of the cluster is open', async () => (await ask('/orders', order)).code === 'circuit-open')
  equal(worker.commands.length, 0)
})

test('publishing that is acknowledged too late is in doubt, though the command may run', async t => {
  const { ask, worker } = await aGateway(
    t,
    faults('slow-publish', { delayMs: 5_000 }, { broker: { publish: { attemptMs: 50 } } }),
  )
  const { code, outcome } = await ask('/orders', order)
  deepEqual([code, outcome], ['publish-timeout', 'in-doubt'])
  equal(worker.commands.length, 1)
})

test('an event meets the faults of publishing too', async t => {
  const { ask } = await aGateway(t, faults('refused-publish', { route: 'signal' }))
  const { code, outcome } = await ask('/signals', { body: { a: 1 } })
  deepEqual([code, outcome], ['broker-unavailable', 'not-sent'])
})

test('a throttled response takes its time, and is whole', async t => {
  const { ask, worker } = await aGateway(t, faults('throttle', { bytesPerSecond: 1_000 }))
  worker.always(command => void command.reply({ status: 200, body: JSON.stringify('x'.repeat(298)) }))
  const { text, ms } = await ask('/orders/o-1')
  equal(text, JSON.stringify('x'.repeat(298)))
  ok(ms >= 190, `after ${ms} ms`)
})

test('a rule ends by itself, and then all is well', async t => {
  const { ask, worker } = await aGateway(
    t,
    faults('abort', { status: 503, forMs: 300 }, { workers: { orders: { breaker: { mode: 'off' } } } }),
  )
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', order)).status, 503)
  await until('the rule has ended', async () => (await ask('/orders', order)).status === 201)
})

test('a lost reply is made good by resending', async t => {
  const find = { match: 'GET /find', query: { to: 'orders' }, timeoutMs: 2_000, resend: { afterMs: 50 } }
  const { ask, worker, admin } = await aGateway(t, faults('lost-reply', { percent: 50 }, { routes: { find } }))
  worker.always(command => void command.reply({ status: 200 }))
  let lost = true
  t.mock.method(Math, 'random', () => {
    lost = !lost // every other
    return lost ? 0.9 : 0.1
  })
  const { status, ms } = await ask('/find')
  equal(status, 200)
  ok(ms >= 49)
  equal((await admin.metrics()).sum('sluice_repetitions_total', { kind: 'resend' }), 1)
})

test('a request with the token of the admin may ask for a fault of its own, and no worker hears of it', async t => {
  const token = 'the token of the admin, long enough'
  const { ask, worker, admin } = await aGateway(t, {
    admin: { token },
    faults: { mode: 'enforce', headers: true },
    routes: { 'place-order': { requestHeaders: ['x-kept'] } },
  })
  worker.always(command => void command.reply({ status: 201 }))
  const asking = (given: string, more: object = {}) =>
    ask('/orders', { ...order, headers: { 'x-kept': '1', 'x-fault-token': given, 'x-fault-abort': '418', ...more } })
  equal((await asking(token)).status, 418)
  equal(worker.commands.length, 0)
  equal((await asking('another')).status, 201)
  const names = worker.commands[0]!.record.headers.map(([name]) => name)
  ok(names.includes('http-header-x-kept') && !names.some(name => name.includes('fault')))
  const wrong = await asking(token, { 'x-fault-abort': 'teapot' })
  deepEqual([wrong.code, wrong.outcome], ['invalid-request', 'not-sent'])
  equal((await admin.metrics()).sum('sluice_faults_total'), 1)
})

test('as shipped nothing can be injected, by a rule or by a request', async t => {
  const { ask, worker } = await aGateway(t, { faults: { rules: { it: { kind: 'abort', percent: 100, status: 503 } } } })
  worker.always(command => void command.reply({ status: 201 }))
  const headers = { 'x-fault-abort': '503', 'x-fault-token': '' }
  equal((await ask('/orders', { ...order, headers })).status, 201)
})
