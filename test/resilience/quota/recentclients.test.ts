import { test } from 'node:test'
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { now } from '../../../src/clock.ts'
import { RecentClients } from '../../../src/resilience/quota/recentclients.ts'
import { frozenClock } from '../../help/clock.ts'

type Entry = { readonly client: string }
const make = (client: string): Entry => ({ client })

test('a client keeps its entry while it calls within a window, and is forgotten as a whole generation is', async t => {
  const clock = frozenClock(t)
  const clients = new RecentClients(make, { windowMs: 60_000 })
  const busy = clients.of('busy', now())
  deepEqual(busy, { client: 'busy' })
  for (let i = 0; i < 1_000; i++) clients.of(`client ${i}`, now())
  for (let i = 0; i < 5; i++) {
    await clock.advance(59_999)
    equal(clients.of('busy', now()), busy)
  }
  ok(clients.size < 10)
  await clock.advance(120_000)
  notEqual(clients.of('busy', now()), busy)
})

test('a client that called within the last window is not forgotten, however the generations turn', async t => {
  const clock = frozenClock(t)
  const clients = new RecentClients(make, { windowMs: 60_000 })
  clients.of('another', now())
  await clock.advance(59_999)
  const late = clients.of('late', now()) // in the youngest generation just before it turns
  await clock.advance(1)
  clients.of('another', now())
  await clock.advance(59_998)
  equal(clients.of('late', now()), late)
})

test('remembers no more clients than it may, and at least the last half of them', t => {
  frozenClock(t)
  for (let count = 1_000; count < 3_000; count += 37) {
    const clients = new RecentClients(make, { windowMs: 60_000, clients: 1_000 })
    const entries = Array.from({ length: count }, (_, i) => clients.of(`client ${i}`, now()))
    ok(clients.size <= 1_000)
    equal(clients.of(`client ${count - 500}`, now()), entries[count - 500])
  }
})
