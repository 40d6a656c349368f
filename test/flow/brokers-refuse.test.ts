import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Acknowledged, Outgoing } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { Problem } from '../../src/problem.ts'
import { aGateway, anOrder } from '../help/gateway.ts'
import { until } from '../help/until.ts'

/** Connected, and yet it takes no records: too few copies are in sync. */
class Outvoted extends MemoryBroker {
  outvoted = false

  override publish(record: Outgoing): Promise<Acknowledged> {
    return this.outvoted
      ? Promise.reject(new Problem('publish-timeout', 'Too few copies are in sync.'))
      : super.publish(record)
  }
}

test('while the brokers take no records a worker that cannot answer is not blamed', async t => {
  const broker = new Outvoted()
  t.after(() => broker[Symbol.asyncDispose]())
  const over = {
    broker: { publish: { breaker: { openMs: 100 } } },
    workers: { orders: { breaker: { consecutive: 3 } } },
    routes: { 'read-order': { timeoutMs: 300 } },
  }
  const { ask, admin, worker } = await aGateway(t, over, { broker })
  const asked = Array.from({ length: 5 }, (_, i) => ask(`/orders/o-${i}`))
  await until('the worker has them', () => worker.commands.length === 5)
  broker.outvoted = true
  await until('the circuit of the cluster opens', async () => {
    await ask('/orders', { body: anOrder })
    return (await admin.metrics()).sum('sluice_circuit_changes_total', { circuit: 'cluster', state: 'open' }) > 0
  })
  for (const { code, outcome } of await Promise.all(asked)) deepEqual([code, outcome], ['reply-timeout', 'sent'])
  equal((await admin.metrics()).sum('sluice_circuit_changes_total', { circuit: 'orders' }), 0)

  broker.outvoted = false
  worker.always(command => void command.reply({ status: 201 }))
  await until('orders are taken', async () => (await ask('/orders', { body: anOrder })).status === 201)

  // from then on silence is the worker's own again
  worker.always(() => {})
  for (let i = 0; i < 3; i++) equal((await ask(`/orders/o-${i}`)).code, 'reply-timeout')
  equal((await ask('/orders/o-1')).code, 'circuit-open')
})
