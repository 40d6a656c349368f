import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { demo } from '../../src/worker/demo.ts'
import { header } from '../help/record.ts'
import { aStation } from '../help/station.ts'

async function anOrderService() {
  const { broker, send, replies, settle } = await aStation()
  const worker = await demo(broker, { topic: 'commands' })
  const ask = async (method: string, said: { body?: string; orderId?: string } = {}) => {
    const { body = '', orderId } = said
    const headers = { 'http-method': method, ...(orderId !== undefined && { 'http-param-orderId': orderId }) }
    await send({ body, headers })
    await settle()
    const { status, body: answer, record } = replies.at(-1)!
    const at = (name: string): string | undefined => header(record.headers, name)
    return {
      status,
      body: answer,
      type: at('content-type'),
      location: at('http-header-location'),
      allow: at('http-header-allow'),
    }
  }
  return { ask, worker, broker, send, settle }
}
const json = 'application/json'
const problem = 'application/problem+json'

test('an order is placed and shown, and placed again with another amount', async () => {
  const { ask } = await anOrderService()
  const order = '{"orderId":"o-1","amount":42}'
  const placed = await ask('POST', { body: order })
  deepEqual([placed.status, placed.body, placed.type, placed.location], [201, order, json, '/orders/o-1'])
  const shown = await ask('GET', { orderId: 'o-1' })
  deepEqual([shown.status, shown.body, shown.type], [200, order, json])
  equal((await ask('POST', { body: '{"orderId":"o-1","amount":0,"more":1}' })).status, 201)
  equal((await ask('GET', { orderId: 'o-1' })).body, '{"orderId":"o-1","amount":0}')
})

test('an order that is none is refused, and one that is not there is not found', async () => {
  const { ask, worker } = await anOrderService()
  for (const body of [
    '{"orderId":"o-1"}',
    '{"orderId":"o-1","amount":-1}',
    '{"orderId":"o-1","amount":"42"}',
    '{"amount":42}',
    '{"orderId":"","amount":42}',
    '{"orderId":"a\\nb","amount":42}',
    '[]',
    'null',
  ]) {
    const refused = await ask('POST', { body })
    deepEqual([refused.status, refused.type], [422, problem], body)
  }
  equal((await ask('POST', { body: 'no json' })).status, 400)
  const missing = await ask('GET', { orderId: 'o-1' })
  deepEqual([missing.status, missing.type, JSON.parse(missing.body).orderId], [404, problem, 'o-1'])
  const other = await ask('DELETE', { orderId: 'o-1' })
  deepEqual([other.status, other.allow], [405, 'GET, POST'])
  equal(worker.counters.poison, 0)
})

test('it remembers so many orders and no more', async () => {
  const { ask, broker, send, settle, worker } = await anOrderService()
  for (let i = 0; i <= 10_000; i++) {
    await send({ body: `{"orderId":"o-${i}","amount":1}` })
    if (i % 100 === 0) await settle()
  }
  while (worker.counters.served < 10_001) await settle()
  equal((await ask('GET', { orderId: 'o-0' })).status, 404)
  equal((await ask('GET', { orderId: 'o-5001' })).status, 200)
  equal((await ask('GET', { orderId: 'o-10000' })).status, 200)
  await broker[Symbol.asyncDispose]()
})
