import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
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

test('a refused body in chunks that came with its head is passed over, and the connection stays', async t => {
  const { front } = await open(t, { routes })
  const client = wire(front)
  client.send(
    `POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n${'x'.repeat(300)}\r\n0\r\n\r\n`,
  )
  const refused = await client.answer()
  equal(refused.status, 404)
  equal(refused.headers['connection'], 'keep-alive')
  client.send(`${head('Content-Length: 1')}x`)
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

test('requests cut and pipelined anyhow get their own answers, in order', async t => {
  const { front } = await open(t, {
    routes,
    service: async call => {
      await setImmediate()
      return { status: 200, headers: [], body: call.body }
    },
  })
  const aBody = fc.string({
    unit: fc.constantFrom('a', '\r\n', '0\r\n\r\n', 'POST /take HTTP/1.1\r\n'),
    maxLength: 300,
  })
  const aRequest = fc.record({ body: aBody, chunk: fc.integer({ min: 0, max: 40 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(aRequest, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
      async (requests, pieces) => {
        let text = requests.map(({ body, chunk }) => (chunk === 0 ? whole(body) : inChunks(body, chunk))).join('')
        const client = wire(front)
        for (let i = 0; text !== ''; i++) {
          const size = pieces[i % pieces.length]!
          client.send(text.slice(0, size))
          text = text.slice(size)
          await setImmediate()
        }
        for (const { body } of requests) equal((await client.answer()).body, body)
        client.socket.destroy()
      },
    ),
    { numRuns: 100 },
  )
})

const whole = (body: string): string => `${head(`Content-Length: ${body.length}`)}${body}`
const inChunks = (body: string, size: number): string => {
  const chunks = body.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  const coded = chunks.map(chunk => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
  return `${head('Transfer-Encoding: chunked')}${coded.join('')}0\r\n\r\n`
}
