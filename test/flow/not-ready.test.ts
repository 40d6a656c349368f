import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { Problem } from '../../src/problem.ts'
import { anOrder, openGateway } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { until } from '../help/until.ts'

test('before the broker is there it lives, is not ready and says why, refuses calls, and recovers by itself', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  broker.outage('Nobody is at home')
  const { ask, admin, gateway } = await openGateway(t, {}, { broker })
  equal((await admin.ask('/livez')).status, 200)
  const { status, reasons } = await admin.ready()
  equal(status, 503)
  match(reasons.join(), /Nobody is at home/)
  deepEqual((await admin.ask('/readyz')).json, { ready: false })
  for (const answer of [
    await ask('/orders', { body: anOrder }),
    await ask('/orders/o-1'),
    await ask('/signals', { body: {} }),
  ]) {
    deepEqual([answer.status, answer.code, answer.outcome], [503, 'not-ready', 'not-sent'])
    ok(Number(answer.headers['retry-after']) >= 1)
  }
  equal((await admin.metrics()).sum('sluice_ready'), 0)

  broker.restore()
  await gateway.ready
  equal((await admin.ready()).status, 200)
  equal((await admin.metrics()).sum('sluice_ready'), 1)
  const worker = await handWorker(t, broker)
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: anOrder })).status, 201)
})

test('what is wrong with a request is said before it is ready, too', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  broker.outage()
  const { ask } = await openGateway(t, {}, { broker })
  deepEqual([(await ask('/nowhere')).status, (await ask('/orders', { method: 'PUT' })).status], [404, 405])
})

test('with createTopics false a missing topic is named, and looked for until it is there', async t => {
  const { ask, admin, broker, gateway } = await openGateway(t, { broker: { createTopics: false } })
  const reasons = await until('the reason is told', async () => {
    const { reasons } = await admin.ready()
    return reasons.join().includes('orders.commands') ? reasons : null
  })
  match(reasons.join(), /createTopics is false: .*gateway\.replies/)
  equal((await ask('/orders', { body: anOrder })).status, 503)
  await broker.admin.create(
    ['orders.commands', 'signals', 'gateway.replies'].map(name => ({
      name,
      partitions: 3,
      replication: 1,
      config: {},
    })),
  )
  await gateway.ready
  equal((await ask('/signals', { body: {} })).status, 202)
})

test('one missing topic is the failure of its routes alone, which work once it is there', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const there = { partitions: 3, replication: 1, config: {} }
  await broker.admin.create(['orders.commands', 'gateway.replies'].map(name => ({ name, ...there })))
  const { ask, admin, gateway } = await openGateway(t, { broker: { createTopics: false } }, { broker })
  await gateway.ready
  const worker = await handWorker(t, broker)
  worker.always(command => void command.reply({ status: 200 }))
  equal((await ask('/orders/o-1')).status, 200)
  const event = await ask('/signals', { body: {} })
  deepEqual([event.status, event.code, event.outcome], [500, 'topic-missing', 'not-sent'])
  const { status, ready, degraded, reasons } = await admin.ready()
  deepEqual([status, ready, degraded], [200, true, true])
  match(reasons.join(), /There is no topic signals, and broker.createTopics is false/)
  await broker.admin.create([{ name: 'signals', ...there }])
  equal((await ask('/signals', { body: {} })).status, 202)
  await until('it is told no more', async () => (await admin.ready()).reasons.length === 0)
})

test('a worker whose topic is forbidden fails alone, and is served once it is not', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  let forbidden = true
  const before = { ...broker.admin }
  const guarded = (name: string): void => {
    if (forbidden && name === 'orders.commands') throw new Problem('topic-forbidden', `No permission: ${name}.`)
  }
  Object.assign(broker.admin, {
    topic: async (name: string) => (guarded(name), await before.topic(name)),
    create: async (topics: Parameters<typeof before.create>[0]) => (
      topics.forEach(({ name }) => guarded(name)),
      await before.create(topics)
    ),
  })
  const { ask, admin, gateway } = await openGateway(t, {}, { broker })
  await gateway.ready
  equal((await ask('/signals', { body: {} })).status, 202)
  const refused = await ask('/orders', { body: anOrder })
  deepEqual([refused.status, refused.code], [500, 'topic-forbidden'])
  match((await admin.ready()).reasons.join(), /No permission: orders.commands/)
  forbidden = false
  await until('the topic is there', async () => (await admin.ready()).reasons.length === 0)
  const worker = await handWorker(t, broker)
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: anOrder })).status, 201)
})
