import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { alarms } from '../../src/clock.ts'
import { heldService } from '../help/service.ts'
import { json, open, problemOf, wire } from './front.ts'

const get = 'GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n'

test('300 clients with slow headers are answered 408 and closed in the limit and a second, others are not affected', async t => {
  const { front, url } = await open(t, { server: { limits: { headersTimeoutMs: 300 } } })
  const start = performance.now()
  const slow = Array.from({ length: 300 }, () => wire(front))
  const drip = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write('X')
  }, 50)
  t.after(() => clearInterval(drip))
  for (const client of slow) client.send('GET /orders/1 HTTP/1.1\r\nHost: a\r\n')
  for (let i = 0; i < 20; i++) equal((await fetch(`${url}/orders/1`)).status, 200)
  for (const client of slow) {
    const answer = await client.answer()
    equal(answer.status, 408)
    equal(problemOf(answer)['code'], 'request-timeout')
  }
  ok(performance.now() - start < 2_500)
  clearInterval(drip)
  await Promise.all(slow.map(({ closed }) => closed))
})

test('a client that says nothing at all is closed in that time too', async t => {
  const { front } = await open(t, { server: { limits: { headersTimeoutMs: 100, keepAliveMs: 100 } } })
  const client = wire(front)
  await client.closed
  equal(client.socket.bytesRead, 0)
})

test('a connection that was opened for later is idle and not slow: its request is answered whenever it comes', async t => {
  const { front } = await open(t, { server: { limits: { headersTimeoutMs: 100 } } })
  const early = wire(front)
  const slow = wire(front)
  slow.send('GET /orders/1 HTTP/1.1\r\n')
  equal((await slow.answer()).status, 408)
  while (alarms() === 0) await setImmediate() // the early one is found, too
  early.send(get)
  equal((await early.answer()).status, 200)
  early.send('GET /orders/1 HTTP/1.1\r\n')
  equal((await early.answer()).status, 408, 'a head that has begun and stalls')
})

test('a head that stalls behind a long pause is slow all the same', async t => {
  const { front } = await open(t, { server: { limits: { headersTimeoutMs: 100 } } })
  const client = wire(front)
  while (alarms() === 0) await setImmediate()
  client.send('GET /orders/1 HTTP/1.1\r\n')
  equal((await client.answer()).status, 408)
})

test('a client that ends its side behind its request gets the whole answer, and then the end', async t => {
  const { front } = await open(t)
  const client = wire(front)
  client.socket.end(get)
  const { status, body } = await client.answer()
  deepEqual([status, body], [200, '{"ok":true}'])
  await client.closed
})

test('one that has ended its side and waits for long is asked whether it is there, and gets its answer', async t => {
  const { service, taken } = heldService()
  const { front } = await open(t, { service })
  const client = wire(front)
  client.socket.end(get)
  for (let i = 0; i < 2; i++) equal((await client.answer()).status, 100)
  taken[0]!.reply(json({}))
  const { status, headers } = await client.answer()
  deepEqual([status, headers['connection']], [200, 'close'])
  await client.closed
})

test('a connection beyond the limit is closed at once', async t => {
  const { front } = await open(t, { server: { limits: { connections: 2 } } })
  const clients = [wire(front), wire(front)]
  for (const client of clients) {
    client.send(get)
    equal((await client.answer()).status, 200)
  }
  const third = wire(front)
  await third.closed
  equal(third.socket.bytesRead, 0)
})

test('while draining it serves on, and every answer is the last of its connection', async t => {
  const { front } = await open(t)
  const early = wire(front)
  early.send(get)
  equal((await early.answer()).headers['connection'], 'keep-alive')
  front.drain(60_000)
  const late = wire(front)
  for (const client of [early, late]) {
    client.send(get)
    const answer = await client.answer()
    equal(answer.status, 200)
    equal(answer.headers['connection'], 'close')
    await client.closed
  }
})

test('closing takes nothing new, closes what is idle and waits for the answers under way', async t => {
  const { service, taken } = heldService()
  const { front, url } = await open(t, { service })
  const busy = wire(front)
  busy.send(get)
  const idle = wire(front)
  idle.send('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n')
  equal((await idle.answer()).status, 404)
  while (taken.length < 1) await setImmediate()
  let closed = false
  const closing = front.close(60_000).then(() => (closed = true))
  await idle.closed
  await rejects(fetch(`${url}/orders/1`))
  equal(closed, false)
  taken[0]!.reply(json({}))
  const answer = await busy.answer()
  equal(answer.status, 200)
  equal(answer.headers['connection'], 'close')
  await closing
})

test('what is not answered in time is cut off', async t => {
  const { service, taken } = heldService()
  const { front } = await open(t, { service })
  const client = wire(front)
  client.send(get)
  while (taken.length < 1) await setImmediate()
  await front.close(20)
  while (!taken[0]!.call.signal.aborted) await setImmediate()
  await client.closed
})

test('without keep-alive every answer closes', async t => {
  const { front } = await open(t, { server: { limits: { keepAliveMs: 0 } } })
  const client = wire(front)
  client.send(get)
  equal((await client.answer()).headers['connection'], 'close')
  await client.closed
})

test('it says where it listens, on a Unix socket too', async t => {
  const socket = join(tmpdir(), `sluice-${process.pid}-server.sock`)
  const { front, calls } = await open(t, { server: { socket } })
  equal(front.address, socket)
  equal(front.port, 0)
  const client = wire(front)
  client.send(get)
  equal((await client.answer()).status, 200)
  equal(calls[0]?.client, 'local')
  const { front: tcp } = await open(t, { server: { host: '::1' } })
  equal(tcp.address, `[::1]:${tcp.port}`)
})

test('the process may end while connections are idle: nothing ticks for them but one checker', async t => {
  const { front } = await open(t)
  const client = wire(front)
  client.send(get)
  await client.answer()
  await setTimeout(1)
  equal(process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length, 0)
})
