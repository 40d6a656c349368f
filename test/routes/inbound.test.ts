import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { frozenClock } from '../help/clock.ts'
import { alarms } from '../../src/clock.ts'
import { open, problemOf, wire } from './front.ts'

const routes = { take: { match: 'POST /take', event: { topic: 'taken' }, bodyBytes: 10_000 } }
const head = (...lines: string[]): string =>
  `POST /take HTTP/1.1\r\nHost: a\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`

test('a body arrives byte by byte as it was sent', async t => {
  const { front, calls } = await open(t, { routes })
  const body = Uint8Array.from({ length: 1_000 }, (_, i) => i % 256)
  const client = wire(front)
  client.send(head(`Content-Length: ${body.length}`))
  for (const byte of body) {
    client.send(Uint8Array.of(byte))
    if (byte % 50 === 0) await setImmediate()
  }
  equal((await client.answer()).status, 200)
  deepEqual([...(calls[0]?.body ?? [])], [...body])
})

test('chunks of any size are put together, up to the limit and exactly', async t => {
  const { front, calls } = await open(t, { routes })
  const client = wire(front)
  for (const size of [1, 3, 4_095, 4_096, 5_000, 10_000]) {
    const body = 'abcdefghij'.repeat(1_000)
    client.send(head('Transfer-Encoding: chunked'))
    for (let at = 0; at < body.length; at += size) {
      const chunk = body.slice(at, at + size)
      client.send(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    }
    client.send('0\r\n\r\n')
    equal((await client.answer()).status, 200)
    equal(Buffer.from(calls.at(-1)?.body ?? '').toString(), body)
  }
})

test('a body in tiny chunks is held in not much more than its size', async t => {
  const size = 100_000
  const { front, calls } = await open(t, { routes: { take: { ...routes.take, bodyBytes: size } } })
  const client = wire(front)
  client.send(head('Transfer-Encoding: chunked'))
  client.send('1\r\nx\r\n'.repeat(size))
  client.send('0\r\n\r\n')
  equal((await client.answer()).status, 200)
  ok((calls[0]?.body.buffer.byteLength ?? 0) <= 2 * size)
})

test('a body that is announced too large is refused before a byte of it, and not asked for', async t => {
  const { front, calls } = await open(t, { routes })
  const client = wire(front)
  client.send(head('Content-Length: 10001', 'Expect: 100-continue'))
  const answer = await client.answer()
  equal(answer.status, 413)
  equal(problemOf(answer)['code'], 'too-large')
  equal(answer.headers['connection'], 'close')
  equal(calls.length, 0)
})

test('a body that is expected to be asked for is', async t => {
  const { front } = await open(t, { routes })
  const client = wire(front)
  client.send(head('Content-Length: 2', 'Expect: 100-continue'))
  equal((await client.answer()).status, 100)
  client.send('{}')
  equal((await client.answer()).status, 200)
})

test('a body that grows too large is refused while it comes; who keeps sending still finds the answer', async t => {
  const { front, calls } = await open(t, { routes })
  const client = wire(front)
  client.send(head('Transfer-Encoding: chunked'))
  const chunk = `1000\r\n${'x'.repeat(4_096)}\r\n`
  for (let i = 0; i < 1_000; i++) client.send(chunk)
  client.send('0\r\n\r\n')
  const answer = await client.answer()
  equal(answer.status, 413)
  equal(calls.length, 0)
  await client.closed
})

test('a small refused body is passed over, and the connection stays', async t => {
  const { front } = await open(t, { routes })
  const client = wire(front)
  client.send('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n')
  equal((await client.answer()).status, 404)
  client.send(`${'x'.repeat(20)}${head('Content-Length: 1')}x`)
  equal((await client.answer()).status, 200)
})

test('a body that does not arrive in time is refused, one that does leaves no alarm', async t => {
  const clock = frozenClock(t)
  const { front, calls } = await open(t, { routes, server: { limits: { bodyTimeoutMs: 10_000 } } })
  const before = alarms()
  const client = wire(front)
  client.send(`${head('Content-Length: 2')}{}`)
  equal((await client.answer()).status, 200)
  equal(alarms(), before)
  client.send(`${head('Content-Length: 2')}{`)
  while (alarms() === before) await setImmediate()
  await clock.advance(9_999)
  equal(alarms(), before + 1)
  await clock.advance(1)
  const answer = await client.answer()
  equal(answer.status, 408)
  equal(problemOf(answer)['detail'], 'The body did not arrive within 10000 ms.')
  equal(answer.headers['connection'], 'close')
  equal(calls.length, 1)
  await clock.advance(1_000)
  await client.closed
  equal(alarms(), before)
})

test('an empty body is one of no bytes', async t => {
  const { front, calls } = await open(t, { routes })
  const client = wire(front)
  for (const text of [head(), head('Content-Length: 0'), `${head('Transfer-Encoding: chunked')}0\r\n\r\n`]) {
    client.send(text)
    equal((await client.answer()).status, 200)
  }
  deepEqual(
    calls.map(({ body }) => body.length),
    [0, 0, 0],
  )
})
