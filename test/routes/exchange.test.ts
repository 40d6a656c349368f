import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { alarms } from '../../src/clock.ts'
import { frozenClock } from '../help/clock.ts'
import { json, open, wire } from './front.ts'

const mebi = 1_048_576
const get = 'GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n'

test('a client that does not read its answer is cut off in the time of a body for each MiB', async t => {
  const clock = frozenClock(t)
  const big = { ...json({}), body: Buffer.alloc(20 * mebi) }
  const { front } = await open(t, { service: async () => big, server: { limits: { bodyTimeoutMs: 1_000 } } })
  const client = wire(front)
  client.socket.pause()
  client.send(get)
  while (alarms() === 0) await setImmediate()
  await clock.advance(19_900)
  equal(alarms(), 1)
  await clock.advance(101)
  equal(alarms(), 0)
  client.socket.resume()
  await client.closed
  equal(client.socket.bytesRead < 20 * mebi, true)
})

test('a client that reads its answer in time keeps the connection, and no alarm is left', async t => {
  const clock = frozenClock(t)
  const big = { ...json({}), body: Buffer.alloc(20 * mebi) }
  const { front } = await open(t, { service: async () => big })
  const client = wire(front)
  client.send(get + get)
  for (let i = 0; i < 2; i++) equal((await client.answer()).body.length, 20 * mebi)
  while (alarms() > 0) await setImmediate()
  await clock.advance(0)
})

test('a client that is refused while it sends has a second to find out, then the connection is closed', async t => {
  const clock = frozenClock(t)
  const { front } = await open(t)
  const client = wire(front)
  client.send('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
  const answer = await client.answer()
  deepEqual([answer.status, answer.headers['connection']], [404, 'close'])
  client.send('x'.repeat(10_000))
  await clock.advance(999)
  equal(alarms(), 1)
  await clock.advance(1)
  await client.closed
  equal(alarms(), 0)
})

test('the connection is closed behind the last of the pipelined answers, not before', async t => {
  const held: (() => void)[] = []
  const { front, edge, calls } = await open(t, {
    service: async () => {
      await new Promise<void>(resolve => held.push(resolve))
      return json({})
    },
  })
  const client = wire(front)
  client.send(get.repeat(3))
  while (calls.length < 3) await setImmediate()
  edge.door.closing = true
  for (const release of held) release()
  const connections = [await client.answer(), await client.answer(), await client.answer()].map(
    ({ headers }) => headers['connection'],
  )
  deepEqual(connections, ['keep-alive', 'keep-alive', 'close'])
  await client.closed
})

test('a refusal in front of another request does not close the connection either', async t => {
  const { front, edge, finished } = await open(t)
  edge.door.closing = true
  const client = wire(front)
  client.send('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2))
  const connections = [await client.answer(), await client.answer()].map(({ headers }) => headers['connection'])
  deepEqual(connections, ['keep-alive', 'close'])
  await client.closed
  equal(finished.length, 2)
})
