import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { openShipped } from '../help/gateway.ts'

test('an order is placed, read and not found, and an event taken, as the lines that npm start prints say', async t => {
  const { gateway, ask } = await openShipped(t)
  await gateway.ready

  const placed = await ask('/orders', { body: { orderId: 'o-1', amount: 42 } })
  equal(placed.status, 201)
  deepEqual(placed.json, { orderId: 'o-1', amount: 42 })
  equal(placed.headers.location, '/orders/o-1')
  equal(placed.outcome, 'sent')

  const read = await ask('/orders/o-1')
  equal(read.status, 200)
  deepEqual(read.json, { orderId: 'o-1', amount: 42 })

  const unknown = await ask('/orders/o-2')
  equal(unknown.status, 404)
  equal(unknown.json['detail'], 'There is no such order.')
  equal(unknown.outcome, 'sent')

  const taken = await ask('/signals', { body: { lamp: 'on' } })
  equal(taken.status, 202)
  match(String(taken.json['id']), /^[0-9a-f-]{36}$/)
  equal(taken.outcome, 'sent')
})

test('every answer has its call id, its outcome, and where the time went', async t => {
  const { gateway, ask } = await openShipped(t)
  await gateway.ready
  const answers = [
    await ask('/orders', { body: { orderId: 'o-1', amount: 42 } }),
    await ask('/orders/o-2'),
    await ask('/signals', { body: {} }),
    await ask('/nowhere'),
    await ask('/orders', { method: 'DELETE' }),
    await ask('/orders', { body: '{"orderId"' }),
  ]
  deepEqual(
    answers.map(({ status, outcome }) => `${status} ${outcome}`),
    ['201 sent', '404 sent', '202 sent', '404 not-sent', '405 not-sent', '400 not-sent'],
  )
  for (const { headers } of answers) {
    match(String(headers['sluice-call-id']), /^[0-9a-f-]{36}$/)
    match(String(headers['server-timing']), /(^|, )total;dur=\d+\.\d$/)
    equal(headers['x-content-type-options'], 'nosniff')
  }
  equal(new Set(answers.map(({ headers }) => headers['sluice-call-id'])).size, answers.length)
})

test('256 busy connections of one client are refused nothing, as shipped', async t => {
  const { gateway, ask } = await openShipped(t)
  await gateway.ready
  const statuses = new Map<number, number>()
  const connection = async (c: number): Promise<void> => {
    for (let i = 0; i < 8; i++) {
      const { status } = await ask('/orders', { body: { orderId: `o-${c}-${i}`, amount: i } })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 256 }, (_, c) => connection(c)))
  deepEqual([...statuses], [[201, 2_048]])
})
