import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { until } from '../help/until.ts'

test('when slots and queue are full, the next call is refused at once, and those inside are served', async t => {
  const { ask, admin, worker } = await aGateway(t, {
    workers: { orders: { bulkhead: { limit: 'fixed', partitionPercent: 100, slots: 2, queue: 1, maxWaitMs: 60_000 } } },
    routes: { 'place-order': { timeoutMs: 60_000 } },
  })
  const inside = [1, 2, 3].map(amount => ask('/orders', { body: { ...anOrder, amount } }))
  await until('two are in flight and one waits', async () => {
    const metrics = await admin.metrics()
    return metrics.sum('sluice_in_flight') === 2 && metrics.sum('sluice_waiting') === 1
  })
  const refused = await ask('/orders', { body: anOrder })
  equal(refused.status, 503)
  equal(refused.code, 'bulkhead-full')
  equal(refused.outcome, 'not-sent')
  equal(refused.json['policy'], 'bulkhead')
  ok(Number(refused.headers['retry-after']) >= 1)
  equal(worker.commands.length, 2)
  worker.always(command => void command.reply({ status: 201 }))
  deepEqual(
    (await Promise.all(inside)).map(({ status }) => status),
    [201, 201, 201],
  )
  equal((await admin.metrics()).sum('sluice_circuit_state', { circuit: 'orders', state: 'closed' }), 1)
})

test('who waits for a slot waits no longer than maxWaitMs, and has sent nothing', async t => {
  const { ask, worker } = await aGateway(t, {
    workers: { orders: { bulkhead: { limit: 'fixed', partitionPercent: 100, slots: 1, queue: 10, maxWaitMs: 50 } } },
    routes: { 'place-order': { timeoutMs: 60_000 } },
  })
  const first = ask('/orders', { body: anOrder })
  const command = await worker.next()
  const second = await ask('/orders', { body: anOrder })
  equal(second.code, 'bulkhead-full')
  ok(second.ms >= 49 && second.ms < 5_000, `after ${second.ms} ms`)
  await command.reply({ status: 201 })
  equal((await first).status, 201)
  equal(worker.commands.length, 1)
})

test('a queue that moves is not noticed but in the timing', async t => {
  const { ask, worker } = await aGateway(t, {
    workers: {
      orders: { bulkhead: { limit: 'fixed', partitionPercent: 100, slots: 1, queue: 10, maxWaitMs: 60_000 } },
    },
  })
  worker.always(command => void setTimeout(() => void command.reply({ status: 201 }), 5))
  const answers = await Promise.all([1, 2, 3].map(amount => ask('/orders', { body: { ...anOrder, amount } })))
  deepEqual(
    answers.map(({ json }) => json['amount']),
    [1, 2, 3],
  )
  ok(answers.some(({ headers }) => String(headers['server-timing']).startsWith('queue;dur=')))
})
