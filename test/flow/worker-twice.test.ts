import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { until } from '../help/until.ts'
import { aGateway, anOrder } from '../help/gateway.ts'

test('of two replies the first is the answer, and the second is counted as a duplicate', async t => {
  const { ask, admin, worker } = await aGateway(t)
  const asked = ask('/orders', { body: anOrder })
  const command = await worker.next()
  await command.reply({ status: 201, body: '"first"' })
  await command.reply({ status: 500, body: '"second"' })
  const answer = await asked
  equal(answer.status, 201)
  equal(answer.text, '"first"')
  await until(
    'the second is counted',
    async () => (await admin.metrics()).sum('sluice_replies_total', { class: 'duplicate' }) === 1,
  )
})

test('each reply repeated ten times: everybody gets his own answer, once', async t => {
  const { ask, admin, worker } = await aGateway(t)
  worker.always(command => {
    for (let i = 0; i < 10; i++) void command.reply({ status: 201 })
  })
  const ids = Array.from({ length: 100 }, (_, i) => `o-${i}`)
  const answers = await Promise.all(ids.map(orderId => ask('/orders', { body: { orderId, amount: 1 } })))
  deepEqual(
    answers.map(({ json }) => json['orderId']),
    ids,
  )
  await until(
    'all others are counted',
    async () => (await admin.metrics()).sum('sluice_replies_total', { class: 'duplicate' }) === 900,
  )
  equal((await admin.metrics()).sum('sluice_replies_total', { class: 'answered' }), 100)
})
