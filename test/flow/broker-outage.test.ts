import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { until } from '../help/until.ts'

test('while no broker is reachable, calls are refused at once, as not sent, and served when it is back', async t => {
  const { ask, admin, broker, worker } = await aGateway(t)
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: anOrder })).status, 201)

  broker.outage('Gone for a while')
  const refused = [await ask('/orders', { body: anOrder }), await ask('/signals', { body: {} })]
  for (const { status, code, outcome, json, headers } of refused) {
    deepEqual([status, code, outcome, json['policy']], [503, 'broker-unavailable', 'not-sent', 'gate'])
    match(String(json['detail']), /Gone for a while/)
    ok(Number(headers['retry-after']) >= 1)
  }
  const { status, ready, degraded, reasons } = await admin.ready()
  deepEqual([status, ready, degraded], [200, true, true])
  match(reasons.join(), /Gone for a while/)
  equal((await admin.ask('/livez')).status, 200)

  broker.restore()
  await until('orders are taken again', async () => (await ask('/orders', { body: anOrder })).status === 201)
  deepEqual(await admin.ready(), { status: 200, ready: true, degraded: false, reasons: [] })
  equal(worker.commands.length, 2)
  equal((await admin.metrics()).sum('sluice_circuit_state', { circuit: 'orders', state: 'closed' }), 1)
})

test('with readiness strict an outage makes it not ready, until it ends', async t => {
  const { admin, broker } = await aGateway(t, { readiness: 'strict' })
  equal((await admin.ready()).status, 200)
  broker.outage()
  equal((await admin.metrics()).sum('sluice_ready'), 0)
  const { status, ready, degraded, reasons } = await admin.ready()
  deepEqual([status, ready, degraded], [503, false, true])
  deepEqual(new Set(reasons).size, reasons.length, 'each reason is said once')
  broker.restore()
  await until('it is ready', async () => (await admin.metrics()).sum('sluice_ready') === 1)
  equal((await admin.ready()).status, 200)
})

test('a command that the broker does not confirm is in doubt, and five in a row open the circuit of the cluster', async t => {
  const { ask, admin, broker, worker } = await aGateway(t, {
    broker: { publish: { attemptMs: 30, attempts: 3, breaker: { openMs: 60_000 } } },
  })
  broker.slow(Infinity)
  for (let i = 0; i < 5; i++) {
    const { status, code, outcome } = await ask('/orders', { body: anOrder })
    deepEqual([status, code, outcome], [504, 'publish-timeout', 'in-doubt'])
  }
  const refused = await ask('/orders', { body: anOrder })
  deepEqual([refused.status, refused.code, refused.outcome], [503, 'circuit-open', 'not-sent'])
  match(String(refused.json['detail']), /circuit cluster/)
  equal(worker.commands.length, 5, 'what is in doubt is not repeated')
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_circuit_state', { circuit: 'cluster', state: 'open' }), 1)
  equal(metrics.sum('sluice_circuit_state', { circuit: 'orders', state: 'closed' }), 1)
  equal(metrics.sum('sluice_retries_total'), 0)

  // a fresh connection is reason enough for a probe
  broker.slow(0)
  broker.outage()
  broker.restore()
  worker.always(command => void command.reply({ status: 201 }))
  await until('orders are taken again', async () => (await ask('/orders', { body: anOrder })).status === 201)
})

test('a reply counts, though the broker never confirmed its command', async t => {
  const { ask, broker, worker } = await aGateway(t, { broker: { publish: { attemptMs: 1_000 } } })
  broker.slow(Infinity)
  const asked = ask('/orders', { body: anOrder })
  const command = await worker.next()
  broker.slow(0)
  await command.reply({ status: 201 })
  const { status, outcome } = await asked
  deepEqual([status, outcome], [201, 'sent'])
})
