import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '../../src/problem.ts'
import { localPeer } from '../../src/routes/client.ts'
import { Connection } from '../../src/routes/connection.ts'
import { heldService } from '../help/service.ts'
import { json, open, wire } from './front.ts'

const get = (id: number): string => `GET /orders/${id} HTTP/1.1\r\nHost: a\r\n\r\n`

test('a client that leaves is told to every call on its connection, pipelined ones too', async t => {
  const { service, taken } = heldService()
  const { front, finished } = await open(t, { service })
  const client = wire(front)
  client.send(get(1) + get(2) + get(3))
  while (taken.length < 3) await setImmediate()
  client.socket.destroy()
  while (finished.length < 3) await setImmediate()
  for (const { call } of taken) {
    ok(call.signal.reason instanceof Problem)
    equal(call.signal.reason.code, 'client-gone')
  }
  deepEqual(
    finished.map(({ status, clientGone, outcome, route }) => ({ status, clientGone, outcome, route })),
    Array.from({ length: 3 }, () => ({ status: 499, clientGone: true, outcome: 'not-sent', route: 'read-order' })),
  )
})

test('a client that leaves in the middle of its body makes no call', async t => {
  const { front, finished, calls } = await open(t)
  const client = wire(front)
  client.send('POST /signals HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{')
  await setImmediate()
  client.socket.end()
  while (finished.length < 1) await setImmediate()
  equal(finished[0]?.status, 499)
  equal(calls.length, 0)
})

test('on a connection that stays, an answered call is never told of the client’s leaving', async t => {
  const { front, calls, finished } = await open(t)
  const client = wire(front)
  for (let i = 0; i < 3; i++) {
    client.send(get(i))
    equal((await client.answer()).status, 200)
  }
  client.socket.destroy()
  await client.closed
  for (let i = 0; i < 10; i++) await setImmediate()
  equal(calls.filter(({ signal }) => signal.aborted).length, 0)
  equal(finished.filter(({ clientGone }) => clientGone).length, 0)
})

test('pipelined requests are answered in their order, whichever is ready first', async t => {
  const { service, taken } = heldService()
  const { front } = await open(t, { service })
  const client = wire(front)
  client.send(get(1) + get(2) + get(3))
  while (taken.length < 3) await setImmediate()
  for (const i of [2, 0, 1]) taken[i]!.reply(json(taken[i]!.call.told.path))
  for (const i of [1, 2, 3]) equal((await client.answer()).body, `"/orders/${i}"`)
})

test('a call whose client has left goes on and is told of when it ends', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { front, finished, calls } = await open(t, {
    service: async call => {
      call.progress.outcome = 'sent'
      await promise
      return json({})
    },
  })
  const client = wire(front)
  client.send(get(1))
  while (calls.length < 1) await setImmediate()
  client.socket.destroy()
  while (!calls[0]!.signal.aborted) await setImmediate()
  equal(finished.length, 0)
  resolve()
  while (finished.length < 1) await setImmediate()
  deepEqual([finished[0]?.status, finished[0]?.outcome, finished[0]?.clientGone], [200, 'sent', true])
})

test('the client is the address at the other end, in its one spelling', async t => {
  const { url, calls } = await open(t)
  await fetch(`${url}/orders/1`, { headers: { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' } })
  equal(calls[0]?.client, '127.0.0.1')
})

test('a TCP client without an address is not taken for one behind a Unix socket', () => {
  const socket = new Socket()
  equal(Connection.of(socket).peer, 'unknown')
  equal(Connection.of(socket, localPeer).peer, 'unknown', 'and stays who it was')
  equal(Connection.of(new Socket(), localPeer).peer, localPeer)
})
