import { test } from 'node:test'
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { constants } from 'node:http2'
import { once } from 'node:events'
import type { Answer, Ask } from '../help/ask.ts'
import { certificates } from '../help/certificates.ts'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { h2 } from '../help/h2.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const secured = (t: Scope, more: Part = {}): Part => {
  const { certFile, keyFile } = certificates(t)
  return { certFile, keyFile, ...more }
}

/** What two answers to one question have in common, if they say the same. */
const gist = ({ status, headers, text, code }: Answer): unknown => {
  const { date, connection: _c, ...others } = headers
  const { 'keep-alive': _, 'sluice-call-id': id, 'server-timing': timing, ...rest } = others
  const all = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    status,
    all,
    text: code === null ? text : text.replaceAll(/urn:uuid:[\w-]+/g, ''),
    stamped: [id, timing, date].every(Boolean),
  }
}

const questions: readonly Parameters<Ask>[] = [
  ['/orders', { body: anOrder }],
  ['/orders/o-1'],
  ['/orders/o-1', { method: 'HEAD' }],
  ['/signals', { body: '{}' }],
  ['/nowhere'],
  ['/orders', { method: 'DELETE' }],
  ['/orders', { method: 'OPTIONS' }],
  ['/orders', { body: { amount: 1 } }],
  ['/orders', { body: '{' }],
  ['/orders', { method: 'POST', body: Buffer.alloc(200_000) }],
  ['/orders/a%2fb'],
  ['/orders/%ff'],
  [`/orders/${'x'.repeat(9_000)}`],
  ['/orders/1', { headers: { 'x-long': 'x'.repeat(17_000) } }],
  ['/orders/1', { headers: Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, 'a'])) }],
  ['/orders', { body: anOrder, headers: { 'content-encoding': 'gzip' } }],
  ['/orders/204'],
  ['/orders/410'],
]

test('h1 and h2 on one port give the same answers', async t => {
  const over = {
    server: { tls: secured(t), headers: { 'referrer-policy': 'no-referrer' } },
    routes: { 'place-order': { bodyBytes: 100_000, cors: { origins: ['*'] } }, signal: { quota: { requests: 100 } } },
  }
  const { ask, gateway, worker } = await aGateway(t, over)
  match(gateway.url, /^https:/)
  worker.always(command => {
    const status = Number(command.header('http-param-orderId') ?? 201)
    void command.reply({ status: status >= 200 ? status : 200, headers: { 'http-header-etag': '"1"' } })
  })
  const beside = h2(t, gateway.url).ask
  for (const [path, asked] of questions) {
    const [first, second] = [await ask(path, asked), await beside(path, asked)]
    // each of the two clients takes from the quota
    const [one, other] = [first, second].map(gist) as [{ all: unknown }, { all: unknown }]
    if (path === '/signals') equal(first.headers.ratelimit?.toString().split(';')[0], '"default"')
    else deepEqual(other, one, `${asked?.method ?? ''} ${path}`)
    if (path === '/signals') deepEqual([second.status, second.json['id'] !== undefined], [202, true])
    equal(second.headers['referrer-policy'], 'no-referrer')
  }
})

test('256 streams beside each other are all answered, on one connection', async t => {
  const over = { server: { tls: secured(t) }, workers: { orders: { bulkhead: { mode: 'off' } } } }
  const { gateway, worker } = await aGateway(t, over)
  worker.always(command => void command.reply({ status: 200 }))
  const { ask } = h2(t, gateway.url)
  const answers = await Promise.all(Array.from({ length: 600 }, (_, i) => ask(`/orders/o-${i}`)))
  deepEqual(
    answers.filter(({ status }) => status !== 200).map(({ code }) => code),
    [],
  )
})

test('a request that its client gives up is given up, and the others of its connection go on', async t => {
  const { gateway, worker, admin } = await aGateway(t, { server: { tls: secured(t) } })
  const { ask } = h2(t, gateway.url)
  const leaving = new AbortController()
  const left = ask('/orders', { body: anOrder, signal: leaving.signal })
  const stays = ask('/orders', { body: { orderId: 'o-2' } })
  const commands = [await worker.next(), await worker.next()]
  leaving.abort()
  await rejects(left)
  const count = async () => (await admin.metrics()).sum('sluice_calls_total', { code: 'client-gone', outcome: 'sent' })
  await until('it is counted', async () => (await count()) === 1)
  for (const command of commands) await command.reply({ status: 200 })
  equal((await stays).status, 200)
})

test('a client that gives up requests by the hundred loses its connection, and nobody else does', async t => {
  const { gateway, worker } = await aGateway(t, { server: { tls: secured(t), http2: { resets: 50 } } })
  worker.always(command => void command.reply({ status: 200 }))
  const evil = h2(t, gateway.url)
  const other = h2(t, gateway.url)
  equal((await other.ask('/orders/1')).status, 200)
  const gone = once(evil.session, 'goaway')
  for (let i = 0; i < 100; i++) {
    const stream = evil.session.request({ ':path': '/orders/1' })
    stream.on('error', () => {})
    stream.close(constants.NGHTTP2_CANCEL)
  }
  equal((await gone)[0], constants.NGHTTP2_ENHANCE_YOUR_CALM)
  equal((await other.ask('/orders/1')).status, 200)
})

test('a stream of events goes on beside requests, and ends with its client', async t => {
  const over = {
    server: { tls: secured(t) },
    routes: { lamps: { match: 'GET /lamps', stream: { topics: ['signals'] } } },
  }
  const { gateway } = await aGateway(t, over)
  const { ask, session } = h2(t, gateway.url)
  const stream = session.request({ ':path': '/lamps', accept: 'text/event-stream' })
  let text = ''
  stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  stream.on('error', () => {})
  await once(stream, 'response')
  equal((await ask('/signals', { body: { lamp: 'on' } })).status, 202)
  await until('it is told', () => text.includes('data: {"lamp":"on"}'))
  equal((await ask('/signals', { body: { lamp: 'off' } })).status, 202)
  await until('it is told', () => text.includes('data: {"lamp":"off"}'))
  stream.close(constants.NGHTTP2_CANCEL)
})

test('who stops tells connections of it: what comes meanwhile is served, and nothing is cut off', async t => {
  const over = { server: { tls: secured(t) }, drain: { delayMs: 400, limitMs: 5_000 } }
  const { gateway, worker } = await aGateway(t, over)
  const { ask, session } = h2(t, gateway.url)
  const running = ask('/orders/o-1')
  const command = await worker.next()
  const told = once(session, 'goaway')
  const closed = once(session, 'close')
  const stopped = gateway.stop()
  const [code, last] = await told
  deepEqual([code, last], [constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
  await command.reply({ status: 200 })
  equal((await running).status, 200)
  await closed
  await stopped
})

test('HTTP/2 can be left out', async t => {
  const { gateway, ask, worker } = await aGateway(t, { server: { tls: secured(t), http2: { enabled: false } } })
  worker.always(command => void command.reply({ status: 200 }))
  await rejects(h2(t, gateway.url).ask('/orders/1'))
  const { status } = await ask('/orders/1')
  ok(status === 200)
})

test('a body that the client holds back is asked for', async t => {
  const { gateway, worker } = await aGateway(t, { server: { tls: secured(t) } })
  worker.always(command => void command.reply({ status: 201 }))
  const { session } = h2(t, gateway.url)
  const stream = session.request({ ':method': 'POST', ':path': '/orders', expect: '100-continue' })
  await once(stream, 'continue')
  stream.end(JSON.stringify(anOrder))
  const [head] = await once(stream, 'response')
  equal((head as Record<string, unknown>)[':status'], 201)
})
