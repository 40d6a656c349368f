import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { book } from '../../examples/schemas/worker.ts'
import { openExample } from '../help/example.ts'
import { handWorker } from '../help/hand.ts'
import { listenTo } from '../help/listener.ts'
import { until } from '../help/until.ts'

test('orders are JSON at HTTP and Avro on Kafka, there and back, digit by digit', async t => {
  const { ask, broker, gateway } = await openExample(t, 'schemas')
  const told = listenTo(t, `${gateway.url}/orders`)
  await until('it listens', () => told.text.includes('id: '))
  const worker = await handWorker(t, broker)
  worker.always(command => {
    const { status, headers, body } = book({ body: command.record.value as Uint8Array })
    void command.reply({ status, headers, body })
  })
  const json = (text: string) => ({ body: Buffer.from(text), headers: { 'content-type': 'application/json' } })
  const order = '{"orderId":9007199254740993,"amount":19.9,"placedAt":"2026-11-28T12:30:00+01:00"}'
  const { status, text } = await ask('/orders', json(order))
  equal(text, '{"orderId":9007199254740993,"total":23.68,"bookedAt":"2026-11-28T11:30:00.000000Z"}')
  equal(status, 201)
  const placed = '{"orderId":9007199254740993,"amount":19.90,"placedAt":"2026-11-28T11:30:00.000000Z"}'
  await until('the order is told', () => told.heard.some(({ data }) => data === placed))
  const refused = await ask('/orders', json('{"orderId":1.5,"amount":19.999,"note":true}'))
  deepEqual(
    [refused.status, (refused.json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)],
    [422, ['/orderId', '/amount', '/note']],
  )
})

test('events are checked by JSON Schema, and go on as they came', async t => {
  const { ask } = await openExample(t, 'schemas')
  equal((await ask('/notes', { body: { orderId: 'o-1', amount: 1.25 } })).status, 202)
  equal((await ask('/notes', { body: { orderId: 'o-1', amount: 1.255 } })).code, 'schema-violation')
})
