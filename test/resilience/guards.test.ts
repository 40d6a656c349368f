import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { guardCluster, guardWorker, longestTimeout } from '../../src/resilience/guards.ts'
import type { Circuit } from '../../src/resilience/circuit/circuit.ts'
import { sharedTimers } from '../../src/resilience/circuit/sharedtimer.ts'
import { chance } from '../help/chance.ts'
import { frozenClock } from '../help/clock.ts'

const { workers, routes, broker } = Config.parse({
  workers: {
    orders: { topic: 'orders.commands' },
    stock: { topic: 'stock.commands', quota: { requests: 100 }, breaker: { windowMs: 60_000 } },
    idle: { topic: 'idle.commands', quota: { requests: 100, mode: 'off' } },
  },
  routes: {
    fast: { match: 'GET /fast', query: { to: 'orders' }, timeoutMs: 500 },
    slow: { match: 'GET /slow', query: { to: 'orders' }, timeoutMs: 20_000 },
  },
})

test('the longest timeout is that of the slowest route', () => {
  equal(longestTimeout(Object.values(routes)), 20_000)
  equal(longestTimeout([]), 1_000)
})

test('a worker has a lease only when it has a quota', t => {
  frozenClock(t)
  for (const [name, options] of Object.entries(workers)) {
    using guards = guardWorker(name, options, 20_000)
    equal(guards.lease !== null, name === 'stock')
    deepEqual([guards.circuit.name, guards.bulkhead.worker], [name, name])
  }
})

test('the window holds two of the longest timeouts unless it is given', async t => {
  const clock = frozenClock(t)
  const failures = async (name: 'orders' | 'stock', apartMs: number): Promise<string> => {
    const options = { ...workers[name]!, breaker: { ...workers[name]!.breaker, minCalls: 2, consecutive: 100 } }
    using guards = guardWorker(name, options, 20_000)
    const fail = (): void => guards.circuit.judge(guards.circuit.admit()!, 'failure')
    fail()
    for (let passed = 0; passed < apartMs; passed += 1_000) await clock.advance(1_000)
    fail()
    return guards.circuit.state
  }
  equal(await failures('orders', 35_000), 'open')
  equal(await failures('orders', 41_000), 'closed')
  equal(await failures('stock', 53_000), 'open')
  equal(await failures('stock', 61_000), 'closed')
})

test('a probe that lasts as long as the longest timeout is not given up before its own word', async t => {
  const clock = frozenClock(t)
  using guards = guardWorker('orders', workers['orders']!, 20_000)
  const { circuit } = guards
  for (let i = 0; i < 5; i++) circuit.judge(circuit.admit()!, 'failure')
  circuit.halfOpenNow('there is news')
  const probe = circuit.admit()!
  await clock.advance(20_010) // its alarm rings late
  equal(circuit.admit(), null, 'one victim for each probe')
  circuit.judge(probe, 'failure')
  equal(circuit.state, 'open')
})

test('the guards of the cluster are named for it, and give their timers back', t => {
  frozenClock(t)
  const before = sharedTimers()
  const guards = guardCluster(broker.publish, 5_000)
  equal(guards.circuit.name, 'cluster')
  equal(guards.budget.withdraw(), true)
  guards[Symbol.dispose]()
  equal(sharedTimers(), before)
})

test('a circuit has the probes, the open times and the slowness of its options', async t => {
  chance(t)
  const clock = frozenClock(t)
  const breaker = { consecutive: 1, openMs: 100, openMaxMs: 200, probes: 2, slowMs: 50, slowPercent: 1, minCalls: 1 }
  const { workers, broker } = Config.parse({
    workers: { orders: { topic: 'orders.commands', breaker } },
    routes: {},
    broker: { publish: { breaker: { consecutive: 1, minCalls: 2 } } },
  })
  using orders = guardWorker('orders', workers['orders']!, 1_000)
  using cluster = guardCluster(broker.publish, 1_000)
  const opensFor = (circuit: Circuit): number => {
    circuit.judge(circuit.admit()!, 'failure')
    return circuit.refusal('x').retryAfterMs!
  }
  const times: number[][] = []
  for (let i = 0; i < 4; i++) {
    times.push([opensFor(orders.circuit), opensFor(cluster.circuit)])
    await clock.advance(4_000)
  }
  deepEqual(times, [
    [100, 1_000],
    [200, 2_000],
    [200, 4_000],
    [200, 4_000],
  ])
  equal(orders.circuit.isSlow(51), true)
  equal(cluster.circuit.isSlow(1e9), false)
  deepEqual(
    [1, 2, 3].map(() => orders.circuit.admit() !== null),
    [true, true, false],
  )
})
