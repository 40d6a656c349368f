import { test } from 'node:test'
import { equal, match, ok } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import type { Handler, Reading, Source } from '../../src/bridge/broker.ts'
import { serve } from '../../src/worker/serve.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import { skewed } from '../help/skewed.ts'
import { until } from '../help/until.ts'

test('a worker whose clock is 5 s ahead names both times once, and then serves commands that live for 2 s', async t => {
  const { ask, broker, admin } = await openGateway(t)
  await until('the gateway is ready', async () => (await admin.ready()).ready)
  let aheadMs = 0
  const worker = await serve(
    { broker: skewed(broker, () => aheadMs), topic: 'orders.commands', group: 'late' },
    () => ({
      status: 201,
    }),
  )
  t.after(() => worker.close())
  equal((await ask('/orders', { body: anOrder })).status, 201)
  aheadMs = 5_000
  await until('its clock is known', async () => {
    const answer = await ask('/orders', { body: anOrder })
    if (answer.status === 201) return true
    equal(answer.status, 504)
    const detail = String(answer.json['detail'])
    match(detail, /until \d{4}-\S+Z by the clock of the gateway; here it is \d{4}-\S+Z\. .*written 5\.\d s ago/)
    return false
  })
  const { expired } = worker.counters
  for (let i = 0; i < 20; i++) equal((await ask('/orders', { body: anOrder })).status, 201)
  equal(worker.counters.expired, expired)
  ok(expired <= 2, `${expired} have expired`)
})

test('a worker whose clock is right drops what has waited in the topic for too long', async t => {
  const { ask, broker, worker } = await aGateway(t, { routes: { 'place-order': { timeoutMs: 60 } } })
  equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
  await worker.next()
  const late = await serve({ broker, topic: 'orders.commands', group: 'late', clockSkewMs: 0 }, () => ({ status: 201 }))
  t.after(() => late.close())
  await until('it was dropped', () => late.counters.expired === 1)
  equal(late.counters.served, 0)
})

/** Whatever is read from it was written by a clock that is 5 s ahead. */
class AheadBroker extends MemoryBroker {
  override subscribe(source: Source, handler: Handler): Promise<Reading> {
    return super.subscribe(source, record => handler({ ...record, timestamp: record.timestamp + 5_000 }))
  }
}

test('whoever waits in vain for a worker whose clock differs is told of that clock', async t => {
  const broker = new AheadBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const { ask, worker } = await aGateway(t, { routes: { 'place-order': { timeoutMs: 100 } } }, { broker })
  const unanswered = await ask('/orders', { body: anOrder })
  equal(unanswered.json['detail'], 'orders did not answer in time.')
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: { ...anOrder, orderId: 'o-2' } })).status, 201)
  worker.always(() => {})
  const { code, json } = await ask('/orders', { body: { ...anOrder, orderId: 'o-3' } })
  equal(code, 'reply-timeout')
  match(
    String(json['detail']),
    /orders did not answer in time\. The clock of the worker orders is at least 5\.0 s ahead/,
  )
})
