import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import { bytes, pairs } from '../help/record.ts'
import { until } from '../help/until.ts'

const outcomes = { OrderPlaced: 201, OrderRejected: 409 }
const replies = { topic: 'orders.events', outcomes, partitions: 3 }
const over = { routes: { 'place-order': { replies } } }

/** A service that knows no gateway tells what has happened. */
const happen = (
  broker: MemoryBroker,
  type: string,
  { key = 'o-1', value = '{"orderId":"o-1"}', headers = {} }: { key?: string; value?: string; headers?: object } = {},
) =>
  broker.publish({
    topic: 'orders.events',
    partition: broker.partitionFor('orders.events', bytes(key)),
    key: bytes(key),
    value: bytes(value),
    headers: pairs({ ce_type: type, ...headers }),
    acks: 'all',
    signal: new AbortController().signal,
  })

test('a service that knows no gateway answers by its domain events', async t => {
  const { ask, broker, worker, admin } = await aGateway(t, over)
  const placed = ask('/orders', { body: anOrder })
  const command = await worker.next()
  equal(command.header('sluice-correlation-id'), undefined)
  equal(command.header('sluice-reply-to'), undefined)
  await happen(broker, 'OrderShipped')
  await happen(broker, 'OrderPlaced')
  const answer = await placed
  deepEqual([answer.status, answer.json, answer.outcome], [201, { orderId: 'o-1' }, 'sent'])
  equal(answer.headers['content-type'], 'application/json')

  const rejected = ask('/orders', { body: anOrder })
  await worker.next()
  await happen(broker, 'OrderRejected', { value: '{"why":"no stock"}' })
  deepEqual([(await rejected).status, (await rejected).json], [409, { why: 'no stock' }])
  await happen(broker, 'OrderPlaced', { key: 'o-9' })
  const count = async (name: string): Promise<number> =>
    (await admin.metrics()).sum('sluice_domain_events_total', { class: name })
  await until('it is counted', async () => (await count('nobody')) === 1)
  deepEqual([await count('answered'), await count('ignored')], [2, 1])
  equal((await admin.metrics()).sum('sluice_reply_duration_seconds_count', { worker: 'orders' }), 2)
})

test('a call that no event answers is reply-timeout, and the circuit of its service learns of it', async t => {
  const { ask } = await aGateway(t, {
    routes: { 'place-order': { replies, timeoutMs: 100 } },
    workers: { orders: { breaker: { consecutive: 1 } } },
  })
  const answer = await ask('/orders', { body: anOrder })
  deepEqual([answer.status, answer.code, answer.outcome], [504, 'reply-timeout', 'sent'])
  equal((await ask('/orders', { body: anOrder })).code, 'circuit-open')
})

test('every instance hears all events, and answers its own calls alone', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const first = await aGateway(t, { ...over, instance: { id: 'a' } }, { broker })
  const second = await openGateway(t, { ...over, instance: { id: 'b' } }, { broker })
  await second.gateway.ready
  const [one, two] = [
    first.ask('/orders', { body: anOrder }),
    second.ask('/orders', { body: { ...anOrder, orderId: 'o-2' } }),
  ]
  await first.worker.next()
  await first.worker.next()
  await happen(broker, 'OrderRejected', { key: 'o-2' })
  await happen(broker, 'OrderPlaced')
  deepEqual([(await one).status, (await two).status], [201, 409])
})

test('an outbox answers, by its payload alone', async t => {
  const { ask, broker, worker } = await aGateway(t, {
    routes: { 'place-order': { replies: { ...replies, format: 'outbox' } } },
  })
  const placed = ask('/orders', { body: anOrder })
  await worker.next()
  await happen(broker, '', {
    key: '"o-1"',
    value: JSON.stringify('{"orderId":"o-1"}'),
    headers: { id: '5f2b1b0e-5d0e-4b43-9a7e-111111111111', eventType: 'OrderPlaced' },
  })
  deepEqual([(await placed).status, (await placed).json], [201, { orderId: 'o-1' }])
})

test('while events cannot be read nothing is sent that they would answer', async t => {
  const { broker, ask } = await aGateway(t, over)
  broker.outage()
  const answer = await ask('/orders', { body: anOrder })
  deepEqual([answer.status, answer.outcome], [503, 'not-sent'])
  broker.restore()
})

test('an instance that stops tells those who wait for an event', async t => {
  const { gateway, ask, worker } = await aGateway(t, { ...over, drain: { limitMs: 100 } })
  const asked = ask('/orders', { body: anOrder })
  await worker.next()
  await gateway.stop({ delayMs: 0 })
  const answer = await asked
  equal(answer.code, 'reply-timeout')
  match(String(answer.json['detail']), /The gateway stopped before the event came/)
})
