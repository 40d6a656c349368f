import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { place, routed } from '../../examples/outbox/orders.ts'
import type { Order } from '../../examples/outbox/orders.ts'
import { openExample } from '../help/example.ts'
import { bytes, pairs } from '../help/record.ts'

test('an order service that knows no gateway answers by its outbox', async t => {
  const { ask, broker } = await openExample(t, 'outbox')
  const serving = await broker.subscribe({ topic: 'orders.commands', partitions: 'all', from: 'end' }, command => {
    const { topic, key, value, headers } = routed(place(JSON.parse(String(command.value)) as Order))
    void broker.publish({
      topic,
      partition: broker.partitionFor(topic, bytes(key)),
      key: bytes(key),
      value: bytes(value),
      headers: pairs(headers),
      acks: 'all',
      signal: new AbortController().signal,
    })
  })
  t.after(() => serving[Symbol.asyncDispose]())
  const answers = await Promise.all(
    [42, 4_200].map(amount => ask('/orders', { body: { orderId: `o-${amount}`, amount } })),
  )
  deepEqual(
    answers.map(({ status, json }) => [status, json]),
    [
      [201, { orderId: 'o-42', amount: 42 }],
      [409, { orderId: 'o-4200', amount: 4_200, why: 'more than 1000' }],
    ],
  )
})
