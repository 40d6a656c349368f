import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { demo } from '../../src/worker/demo.ts'
import { aGateway, anOrder } from '../help/gateway.ts'
import { bytes } from '../help/record.ts'

const spring = { workers: { orders: { dialect: 'spring' } } }

test('in the dialect spring the command carries what @SendTo answers by, and the answer needs no status', async t => {
  const { ask, worker } = await aGateway(t, { ...spring, instance: { ordinal: 7 } })
  const asked = ask('/orders', { body: anOrder })
  const command = await worker.next()
  equal(command.header('kafka_replyTopic'), 'gateway.replies')
  deepEqual([...command.raw('kafka_replyPartition')], [0, 0, 0, 7])
  equal(command.header('sluice-correlation-id'), undefined)
  equal(command.header('sluice-reply-to'), undefined)
  await command.publish([['kafka_correlationId', command.raw('kafka_correlationId')]], bytes('{"ok":true}'), {
    topic: 'gateway.replies',
    partition: 7,
  })
  const { status, json } = await asked
  deepEqual([status, json], [200, { ok: true }])
})

test('the worker library speaks it too', async t => {
  const { ask, broker } = await aGateway(t, spring)
  const serving = await demo(broker, { topic: 'orders.commands', dialect: 'spring' })
  t.after(() => serving.close())
  equal((await ask('/orders', { body: anOrder })).status, 201)
  deepEqual((await ask('/orders/o-1')).json, anOrder)
})
