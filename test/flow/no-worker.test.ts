import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { serve } from '../../src/worker/index.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const watched = {
  workers: { orders: { group: 'workers', breaker: { consecutive: 100 } } },
  routes: { 'place-order': { timeoutMs: 200 } },
}
const worker = { topic: 'orders.commands', group: 'workers' } as const

test('when the last member has gone its calls are refused within 2 s, and served again by itself', async t => {
  const { ask, admin, broker, gateway } = await openGateway(t, watched)
  await gateway.ready
  const first = await serve({ ...worker, broker }, () => ({ status: 201 }))
  const second = await serve({ ...worker, broker }, () => ({ status: 201 }))
  await until('both are seen', async () => (await admin.metrics()).sum('sluice_worker_members') === 2)
  equal((await ask('/orders', { body: anOrder })).status, 201)
  await first.close()
  equal((await ask('/orders', { body: anOrder })).status, 201)

  await second.close()
  const left = performance.now()
  const refused = await until('it is noticed', async () => {
    const answer = await ask('/orders', { body: anOrder })
    return answer.code === 'no-worker' ? answer : null
  })
  ok(performance.now() - left < 2_000, `noticed after ${performance.now() - left} ms`)
  deepEqual([refused.status, refused.outcome, refused.json['policy']], [503, 'not-sent', 'gate'])
  match(String(refused.json['detail']), /group workers of orders has no member/)
  ok(Number(refused.headers['retry-after']) >= 1)
  const before = await broker.admin.ends('orders.commands')
  for (let i = 0; i < 10; i++) equal((await ask('/orders/o-1')).code, 'no-worker')
  deepEqual(await broker.admin.ends('orders.commands'), before, 'nothing of it was sent')
  equal((await ask('/signals', { body: {} })).status, 202, 'an event needs nobody')

  const third = await serve({ ...worker, broker }, () => ({ status: 201 }))
  t.after(() => third.close())
  await until('it is served again', async () => (await ask('/orders', { body: anOrder })).status === 201, 2_000)
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_circuit_changes_total', { circuit: 'orders', state: 'open' }), 0)
  ok(metrics.sum('sluice_refusals_total', { policy: 'gate', code: 'no-worker' }) >= 11)
})

test('who falls silent right after a rebalance is no longer excused by it, once it has answered', async t => {
  const { ask, admin, broker, gateway } = await openGateway(t, {
    workers: { orders: { group: 'workers', partitions: 1, watch: { everyMs: 100 } } },
    routes: { 'place-order': { timeoutMs: 100 } },
  })
  await gateway.ready
  let hangs = false
  const { promise: end, resolve } = Promise.withResolvers<void>()
  const serving = await serve({ ...worker, broker }, async () => {
    if (hangs) await end
    return { status: 201 }
  })
  t.after(async () => {
    resolve()
    await serving.close()
  })
  await until('it is seen', async () => (await admin.metrics()).sum('sluice_worker_members') === 1)
  equal((await ask('/orders', { body: anOrder })).status, 201)
  hangs = true
  for (let i = 0; i < 5; i++)
    equal((await ask('/orders', { body: { ...anOrder, orderId: `o-${i}` } })).code, 'reply-timeout')
  equal((await ask('/orders', { body: anOrder })).code, 'circuit-open')
})

test('a circuit whose worker hung is tried soon after its group has got on with it', async t => {
  const { ask, admin, broker, gateway } = await openGateway(t, {
    workers: {
      orders: {
        group: 'workers',
        watch: { everyMs: 100 },
        breaker: { consecutive: 1, openMs: 200, rebalanceGraceMs: 0 },
      },
    },
    routes: { 'place-order': { timeoutMs: 100 } },
  })
  await gateway.ready
  let hangs = false
  const { promise: goesOn, resolve } = Promise.withResolvers<void>()
  const serving = await serve({ ...worker, broker }, async () => {
    if (hangs) await goesOn
    return { status: 201 }
  })
  t.after(() => serving.close())
  await until('it is seen', async () => (await admin.metrics()).sum('sluice_worker_members') === 1)
  equal((await ask('/orders', { body: anOrder })).status, 201)
  await until('that is committed', async () =>
    (await broker.admin.group('workers', 'orders.commands')).committed.includes(1n),
  )
  hangs = true
  const opened = async (): Promise<number> =>
    (await admin.metrics()).sum('sluice_circuit_changes_total', { circuit: 'orders', state: 'open' })
  await until('the open time has doubled four times', async () => {
    await ask('/orders', { body: anOrder })
    return (await opened()) === 5
  })
  resolve()
  const begun = performance.now()
  await until('it is served', async () => (await ask('/orders', { body: anOrder })).status === 201)
  ok(performance.now() - begun < 1_500, `after ${performance.now() - begun} ms, not 3,200`)
})

test('observed, what nobody serves is counted and goes on its way', async t => {
  const {
    ask,
    admin,
    worker: hand,
  } = await aGateway(t, {
    workers: { orders: { group: 'workers', watch: { noWorker: 'observe', everyMs: 100 } } },
  })
  hand.always(command => void command.reply({ status: 201 }))
  await until('it is looked at', async () => (await admin.metrics()).sum('sluice_worker_members') === 0)
  equal((await ask('/orders', { body: anOrder })).status, 201)
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_observed_refusals_total', { policy: 'gate', code: 'no-worker' }), 1)
})

test('a worker whose group is not configured is not watched', async t => {
  const { ask, worker: hand } = await aGateway(t)
  hand.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: anOrder })).status, 201)
})
