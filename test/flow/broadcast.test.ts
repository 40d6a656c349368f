import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const elsewhere = (partition: number): number => (partition + 5) % 12

test('a worker that ignores the partition is understood where replies is broadcast', async t => {
  const { ask, worker } = await aGateway(t, { workers: { orders: { replies: 'broadcast' } } })
  worker.always(
    command =>
      void command.reply({ status: 201, partition: elsewhere(Number(command.header('sluice-reply-partition'))) }),
  )
  for (let i = 0; i < 12; i++) equal((await ask('/orders', { body: anOrder })).status, 201)
})

test('what is meant for another instance is counted as foreign and dropped', async t => {
  const { ask, admin, worker } = await aGateway(t, { workers: { orders: { replies: 'broadcast' } } })
  const asked = ask('/orders', { body: anOrder })
  const command = await worker.next()
  for (let partition = 0; partition < 12; partition++)
    await command.reply({ correlation: 'another.1.0.AAAAAAAAAAAAAAAAAAAAAA', partition, body: '"foreign"' })
  await command.reply({ status: 201 })
  deepEqual((await asked).json, anOrder)
  await until(
    'all are counted',
    async () => (await admin.metrics()).sum('sluice_replies_total', { class: 'foreign' }) === 12,
  )
})

test('without broadcast only the own partition is read', async t => {
  const { ask, worker } = await aGateway(t, { routes: { 'place-order': { timeoutMs: 60 } } })
  worker.always(
    command =>
      void command.reply({ status: 201, partition: elsewhere(Number(command.header('sluice-reply-partition'))) }),
  )
  equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
})
