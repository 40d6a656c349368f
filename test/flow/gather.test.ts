import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { handWorker } from '../help/hand.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const shops = ['north', 'south', 'west'] as const
const over: Part = {
  workers: Object.fromEntries(
    shops.map(name => [name, { topic: `${name}.commands`, partitions: 3, breaker: { consecutive: 1 } }]),
  ),
  routes: {
    prices: {
      match: 'GET /prices/:item',
      query: { to: 'north', key: 'path.item' },
      gather: { also: ['south', 'west'], as: 'object' },
      timeoutMs: 1_000,
    },
    everywhere: { match: 'POST /caches', command: { to: 'north' }, gather: { partitions: true } },
  },
}

test('one query goes to several workers, and what they say comes as one document', async t => {
  const { gateway, broker, ask } = await openGateway(t, over)
  await gateway.ready
  for (const [at, name] of shops.entries())
    (await handWorker(t, broker, `${name}.commands`)).always(command => void command.reply({ body: `{"price":${at}}` }))
  const answer = await ask('/prices/tea')
  deepEqual([answer.status, answer.outcome, answer.headers['sluice-partial']], [200, 'sent', undefined])
  deepEqual(answer.json, {
    north: { status: 200, body: { price: 0 } },
    south: { status: 200, body: { price: 1 } },
    west: { status: 200, body: { price: 2 } },
  })
})

test('a silent worker makes the answer partial, and its circuit keeps it from being asked while the others are', async t => {
  const { gateway, broker, ask, admin } = await openGateway(t, over)
  await gateway.ready
  const hands = await Promise.all(shops.map(name => handWorker(t, broker, `${name}.commands`)))
  for (const hand of hands.slice(1)) hand.always(command => void command.reply({ body: '{}' }))
  const answer = await ask('/prices/tea')
  deepEqual([answer.status, answer.headers['sluice-partial']], [200, '2/3'])
  deepEqual(answer.json['north'], { status: 504, code: 'reply-timeout' })
  const isOpen = async () =>
    (await admin.metrics()).sum('sluice_circuit_state', { circuit: 'north', state: 'open' }) === 1
  await until('its circuit is open', isOpen)
  const next = await ask('/prices/tea')
  deepEqual([next.json['north'], next.headers['sluice-partial']], [{ status: 503, code: 'circuit-open' }, '2/3'])
  equal(hands[0]?.commands.length, 1)
})

test('each partition of a worker gets a command of its own', async t => {
  const { gateway, broker, ask } = await openGateway(t, over)
  await gateway.ready
  const hand = await handWorker(t, broker, 'north.commands')
  hand.always(command => void command.reply({ body: String(command.record.partition) }))
  const answer = await ask('/caches', { body: { drop: true } })
  equal(answer.status, 200, answer.text)
  deepEqual(
    (answer.json as unknown as { part: string; body: number }[]).map(({ part, body }) => [part, body]),
    [
      ['north-0', 0],
      ['north-1', 1],
      ['north-2', 2],
    ],
  )
  equal(new Set(hand.commands.map(command => command.header('ce_id'))).size, 3)
})
