import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Upstream } from '../../src/bridge/upstream.ts'
import type { UpstreamOptions } from '../../src/bridge/upstream.ts'
import type { Call, Told } from '../../src/call.ts'
import { alarms, later } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'
import { aCall } from '../help/call.ts'
import { until } from '../help/until.ts'

type Handler = (req: IncomingMessage, res: ServerResponse, body: string) => void

/** An HTTP server of the test, and the upstream that speaks to it. */
async function open(t: TestContext, handler: Handler, over: Partial<UpstreamOptions> = {}) {
  let connections = 0
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => handler(req, res, Buffer.concat(chunks).toString()))
  })
  server.on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const upstream = new Upstream({ url: `http://127.0.0.1:${port}`, connections: 4, maxReplyBytes: 100_000, ...over })
  t.after(async () => {
    await upstream[Symbol.asyncDispose]()
    server.closeAllConnections()
    server.close()
  })
  return { upstream, port, connections: () => connections }
}
const asked = (told: Partial<Told> = {}, over: Partial<Call> = {}): Call =>
  aCall({ told: { ...aCall().told, method: 'GET', ...told }, ...over })
const problem = async (answer: Promise<unknown>): Promise<Problem> => {
  const error = await answer.catch((error: unknown) => error)
  ok(error instanceof Problem, String(error))
  return error
}

test('is told what the worker is told, and nothing else', async t => {
  const seen: unknown[] = []
  const { port } = await open(t, (req, res, body) => {
    const { host: _host, connection: _connection, ...headers } = req.headers
    seen.push([req.method, req.url, headers, body])
    res.end()
  })
  await using upstream = new Upstream({ url: `http://127.0.0.1:${port}/v1/`, connections: 1, maxReplyBytes: 1_000 })
  await upstream.serve(
    asked(
      {
        method: 'POST',
        path: '/orders/a%20b',
        query: 'x=1&y',
        headers: [
          ['x-tenant', 'Zoë ☃'],
          ['connection', 'x-tenant'],
          ['te', 'trailers'],
        ],
        contentType: 'text/plain',
        trace: [['traceparent', '00-x']],
      },
      { body: Buffer.from('böd') },
    ),
  )
  deepEqual(seen, [
    [
      'POST',
      '/v1/orders/a%20b?x=1&y',
      {
        'x-tenant': Buffer.from('Zoë ☃').toString('latin1'),
        traceparent: '00-x',
        'content-type': 'text/plain',
        'accept-encoding': 'identity',
        'content-length': '4',
      },
      'böd',
    ],
  ])
})

test('its answer is the reply, without what belongs to the connection', async t => {
  const { upstream } = await open(t, (_req, res) => {
    res.writeHead(404, [
      ['X-A', '1'],
      ['X-A', '2'],
      ['Content-Type', 'text/plain'],
      ['X-Hop', '1'],
      ['Connection', 'keep-alive, X-Hop'],
      ['Upgrade', 'h2c'],
    ] as never)
    res.write('in two')
    setImmediate(() => res.end(' parts'))
  })
  const { status, headers, body } = await upstream.serve(asked())
  equal(status, 404)
  equal(Buffer.from(body).toString(), 'in two parts')
  deepEqual(
    headers.filter(([name]) => name !== 'date'),
    [
      ['x-a', '1'],
      ['x-a', '2'],
      ['content-type', 'text/plain'],
    ],
  )
})

test('connections are kept, and a redirect is an answer like any other', async t => {
  const { upstream, connections } = await open(t, (_req, res) => void res.writeHead(302, { location: '/b' }).end())
  for (let i = 0; i < 20; i++) equal((await upstream.serve(asked())).status, 302)
  ok(connections() <= 2, `${connections()}`) // undici may open one more while it puts the first one back
  equal((await upstream.serve(asked({ method: 'HEAD' }))).status, 302)
})

test('who cannot be reached has not got it', async () => {
  await using nobody = new Upstream({ url: 'http://127.0.0.1:1', connections: 1, maxReplyBytes: 1_000 })
  const { code, outcome, policy } = await problem(nobody.serve(asked()))
  deepEqual([code, outcome, policy], ['upstream-failed', 'not-sent', 'fallback'])
  await using unnamed = new Upstream({ url: 'http://no.such.host.invalid', connections: 1, maxReplyBytes: 1_000 })
  equal((await problem(unnamed.serve(asked()))).outcome, 'not-sent')
})

test('who fails after it was asked may have done it', async t => {
  const { upstream } = await open(t, (req, res) => {
    const status = Number(req.url?.slice(1))
    if (status === 0) req.socket.destroy()
    else res.writeHead(status).end('x')
  })
  for (const status of [0, 500, 502, 503, 504]) {
    const { code, outcome } = await problem(upstream.serve(asked({ path: `/${status}` })))
    deepEqual([code, outcome], ['upstream-failed', 'in-doubt'], `${status}`)
  }
  equal((await upstream.serve(asked({ path: '/501' }))).status, 501)
})

test('who is silent is waited for until the deadline, and the connection is given up', async t => {
  let closed = 0
  const { upstream } = await open(t, (req, res) => {
    if (req.url === '/head') res.writeHead(200, { 'content-length': '10' }).flushHeaders()
    req.socket.on('close', () => closed++)
  })
  for (const path of ['/', '/head']) {
    const begun = performance.now()
    const { code, message } = await problem(upstream.serve(asked({ path }, { deadline: later(50) })))
    deepEqual([code, message], ['upstream-failed', 'The upstream did not answer in time.'])
    ok(performance.now() - begun >= 50)
  }
  await until('both are closed', () => closed === 2)
  equal(alarms(), 0)
})

test('who is asked for nobody any more is left at once', async t => {
  const { upstream } = await open(t, () => {})
  const leaving = new AbortController()
  const answer = upstream.serve(asked({}, { signal: leaving.signal }))
  setImmediate(() => leaving.abort(new Problem('client-gone', 'x')))
  equal((await problem(answer)).code, 'client-gone')
  equal((await problem(upstream.serve(asked({}, { signal: leaving.signal })))).code, 'client-gone')
  equal(alarms(), 0)
})

test('an answer that is too large, or coded as nobody asked, is none', async t => {
  const { upstream } = await open(t, (req, res) => {
    if (req.url === '/coded') res.setHeader('content-encoding', 'gzip')
    res.end('x'.repeat(req.url === '/large' ? 100_001 : 100_000))
  })
  equal((await upstream.serve(asked())).body.length, 100_000)
  equal(
    (await problem(upstream.serve(asked({ path: '/large' })))).message,
    'The answer of the upstream is larger than 100000 bytes.',
  )
  equal((await problem(upstream.serve(asked({ path: '/coded' })))).code, 'upstream-failed')
  const taken = await upstream.serve(asked({ path: '/coded', headers: [['accept-encoding', 'gzip']] }))
  equal(taken.body.length, 100_000)
  equal((await upstream.serve(asked())).status, 200, 'it goes on afterwards')
})

test('beyond its connections nobody waits', async t => {
  const waiting: ServerResponse[] = []
  const { upstream, connections } = await open(t, (_req, res) => void waiting.push(res), { connections: 2 })
  const under = [upstream.serve(asked()), upstream.serve(asked())]
  const { outcome } = await problem(upstream.serve(asked()))
  equal(outcome, 'not-sent')
  await until('two are asked', () => waiting.length === 2)
  for (const res of waiting) res.end()
  await Promise.all(under)
  const next = upstream.serve(asked())
  await until('a third is asked', () => waiting.length === 3)
  waiting[2]!.end()
  equal((await next).status, 200)
  equal(connections(), 2)
})

test('closed, it lets nobody wait', async t => {
  const { upstream } = await open(t, () => {})
  const answer = upstream.serve(asked())
  setImmediate(() => void upstream[Symbol.asyncDispose]())
  equal((await problem(answer)).code, 'upstream-failed')
  await rejects(upstream.serve(asked()), { code: 'upstream-failed' })
})
