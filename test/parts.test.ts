import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Config } from '../config/schema/index.ts'
import { MemoryBroker } from '../src/bridge/memory.ts'
import {
  askedFaults,
  broadcasts,
  guardWorkers,
  openBroker,
  openFaults,
  openLeases,
  openStateFile,
  watchGroups,
} from '../src/parts.ts'
import { frozenClock } from './help/clock.ts'

const aConfig = (over: object = {}): Config =>
  Config.parse({
    workers: { orders: { topic: 'orders.commands' }, stock: { topic: 'stock.commands' } },
    routes: {
      'place-order': { match: 'POST /orders', command: { to: 'orders' }, timeoutMs: 3_000, share: 20 },
      'read-stock': { match: 'GET /stock', query: { to: 'stock' } },
    },
    ...over,
  })

test('what a configuration does not name is not there', async () => {
  const config = aConfig()
  await using broker = await openBroker(config)
  ok(broker instanceof MemoryBroker)
  deepEqual([await openLeases(config), await openStateFile(config, [])], [null, null])
  deepEqual([openFaults(config), askedFaults(config), broadcasts(config)], [null, null, false])
})

test('faults are there once they may be injected, and for requests only with a token to show', () => {
  const faults = { mode: 'enforce', headers: true }
  using open = openFaults(aConfig({ faults }))
  ok(open !== null)
  equal(askedFaults(aConfig({ faults })), null)
  ok(askedFaults(aConfig({ faults, admin: { token: 'a-secret-of-the-admin' } })) !== null)
})

test('one worker that answers to all instances is enough to hear all partitions', () => {
  const workers = { orders: { topic: 'a' }, stock: { topic: 'b', replies: 'broadcast' } }
  equal(broadcasts(aConfig({ workers })), true)
})

test('each worker has its own guards, which give its routes their shares', t => {
  frozenClock(t)
  const guards = guardWorkers(aConfig(), null)
  for (const one of guards.values()) t.after(() => one[Symbol.dispose]())
  deepEqual([...guards.keys()], ['orders', 'stock'])
  deepEqual(Object.keys(guards.get('orders')!.bulkhead.snapshot().shares), ['place-order'])
})

test('only groups that are named are watched', async t => {
  frozenClock(t)
  const config = aConfig({ workers: { orders: { topic: 'a', group: 'orders' }, stock: { topic: 'b' } } })
  await using broker = new MemoryBroker()
  const watches = watchGroups(config, broker, new Map())
  deepEqual(
    [...watches].map(([worker, { group }]) => [worker, group]),
    [['orders', 'orders']],
  )
})
