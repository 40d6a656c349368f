import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { handWorker } from '../help/hand.ts'
import { until } from '../help/until.ts'
import { aGateway, anOrder } from '../help/gateway.ts'

const quick = { routes: { 'place-order': { timeoutMs: 60 } } }

test('a reply after the deadline is counted as late and reaches nobody', async t => {
  const { ask, admin, worker } = await aGateway(t, quick)
  equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
  const late = await worker.next()
  await late.reply({ status: 201, body: '"the late one"' })
  await until(
    'the late reply is counted',
    async () => (await admin.metrics()).sum('sluice_replies_total', { class: 'late' }) === 1,
  )

  const second = ask('/orders', { body: { ...anOrder, orderId: 'o-2' } })
  const command = await worker.next()
  await command.reply({ status: 201 })
  deepEqual((await second).json, { orderId: 'o-2', amount: 42 })
})

test('a reply before the command expires frees its slot, though its client has had its 504', async t => {
  const { ask, admin, worker } = await aGateway(t, {
    workers: { orders: { bulkhead: { limit: 'fixed', slots: 1, queue: 0 } } },
    routes: { 'place-order': { timeoutMs: 60, commandTtlMs: 60_000 } },
  })
  const inFlight = async (): Promise<number> => (await admin.metrics()).sum('sluice_in_flight', { worker: 'orders' })
  equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
  equal((await ask('/orders', { body: anOrder })).code, 'bulkhead-full')
  equal(await inFlight(), 1)
  const { reply } = await worker.next().then(command => ({ reply: () => command.reply() }))
  await reply()
  await until('the slot is free', async () => (await inFlight()) === 0)
  equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
})

test('where its route says so a late reply is forwarded, with the id of its command', async t => {
  const late = { routes: { 'place-order': { timeoutMs: 60, commandTtlMs: 60_000, lateReplies: 'orders.late' } } }
  const { ask, broker, worker } = await aGateway(t, late)
  const forwarded = await handWorker(t, broker, 'orders.late')
  const inTime = ask('/orders', { body: anOrder })
  await (await worker.next()).reply({ status: 201 })
  equal((await inTime).status, 201)
  equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
  const command = await worker.next()
  await command.reply({ status: 201, body: '"too late"' })
  const told = await forwarded.next()
  deepEqual(
    [told.header('ce_id'), told.header('sluice-status'), told.key, told.body],
    [command.header('ce_id'), '201', 'o-1', '"too late"'],
  )
  equal(forwarded.commands.length, 1)
})
