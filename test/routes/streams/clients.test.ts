import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Sink } from '../../../src/feed.ts'
import { sse } from '../../../src/routes/streams/sse.ts'
import { Clients, jittered } from '../../../src/routes/streams/clients.ts'
import { frozenClock } from '../../help/clock.ts'

function aSink(ends: (number | null)[] = []): Sink {
  return {
    format: sse,
    gone: false,
    write: () => true,
    drained: () => Promise.resolve(),
    lag: () => {},
    end: retryMs => void ends.push(retryMs),
  }
}

test('clients are bounded for the route and for an address, and who leaves makes room', () => {
  const clients = new Clients('orders', { clients: 3, clientsPerAddress: 2, retryMs: 100 })
  const held = ['a', 'a', 'b'].map(address => clients.enter(address, aSink()))
  deepEqual([clients.refusal('a')?.limit, clients.refusal('c')?.limit, clients.size], [2, 3, 3])
  held[0]![Symbol.dispose]()
  held[0]![Symbol.dispose]()
  equal(clients.size, 2)
  equal(clients.refusal('a'), null)
})

test('who is sent away together is not told to come back together', () => {
  const times = new Set(Array.from({ length: 50 }, () => jittered(10_000)))
  ok(times.size > 40)
  ok([...times].every(time => time >= 5_000 && time <= 15_000))
})

test('all are ended within the given time, one after the other, and nobody new is taken', async t => {
  const clock = frozenClock(t)
  const clients = new Clients('orders', { clients: 30, clientsPerAddress: 20, retryMs: 100 })
  const ends: (number | null)[] = []
  for (let n = 0; n < 10; n++) clients.enter('a', aSink(ends))
  clients.end(1_000)
  equal(clients.refusal('b')?.code, 'draining')
  await clock.advance(450)
  ok(ends.length >= 4 && ends.length <= 6, `${ends.length}`)
  await clock.advance(550)
  equal(ends.length, 10)
  ok(ends.every(retryMs => retryMs !== null && retryMs >= 50 && retryMs <= 150))
})
