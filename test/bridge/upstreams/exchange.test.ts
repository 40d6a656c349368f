import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import type { UpstreamOptions } from '../../../src/bridge/upstreams/index.ts'
import { alarms, later } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { httpServer } from '../../help/httpserver.ts'
import type { Answers } from '../../help/httpserver.ts'
import { anAsk as asked, anUpstream } from '../../help/upstream.ts'
import { until } from '../../help/until.ts'

/** An HTTP server of the test, and the upstream that speaks to it. */
async function open(t: TestContext, answers: Answers, over: Partial<UpstreamOptions> = {}) {
  const { url, port, connections } = await httpServer(t, answers)
  const upstream = anUpstream([url], { attempts: 1, ...over })
  t.after(() => upstream[Symbol.asyncDispose]())
  return { upstream, port, connections }
}
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
  await using upstream = anUpstream([`http://127.0.0.1:${port}/v1/`], { connections: 1, maxReplyBytes: 1_000 })
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
  await using nobody = anUpstream(['http://127.0.0.1:1'], { connections: 1, maxReplyBytes: 1_000 })
  const { code, outcome, policy } = await problem(nobody.serve(asked()))
  deepEqual([code, outcome, policy], ['upstream-failed', 'not-sent', 'upstream'])
  await using unnamed = anUpstream(['http://no.such.host.invalid'], { connections: 1, maxReplyBytes: 1_000 })
  equal((await problem(unnamed.serve(asked()))).outcome, 'not-sent')
})

test('who fails after it was asked may have done it, and whatever it answers is an answer', async t => {
  const { upstream } = await open(t, (req, res) => {
    const status = Number(req.url?.slice(1))
    if (status === 0) req.socket.destroy()
    else res.writeHead(status).end('x')
  })
  const { code, outcome } = await problem(upstream.serve(asked({ path: '/0' })))
  deepEqual([code, outcome], ['upstream-failed', 'in-doubt'])
  for (const status of [500, 501, 503]) equal((await upstream.serve(asked({ path: `/${status}` }))).status, status)
})

test('what is no answer that can be passed on is told apart: it came, and would come again', async t => {
  const answers: Readonly<Record<string, string>> = {
    '/101': 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    '/cr': 'HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n',
    '/lf': 'HTTP/1.1 200 OK\r\nX-A: a\n\x00b\r\nContent-Length: 0\r\n\r\n',
    '/text': 'hello\r\n\r\n',
    '/2gib': `HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 31}\r\n\r\n`,
    '/endless': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  }
  const { upstream } = await open(t, ({ url = '', socket }) => {
    socket.write(answers[url] ?? '')
    const more = (): void => void (socket.destroyed || socket.write(`1000\r\n${'x'.repeat(4_096)}\r\n`, more))
    if (url === '/endless') more()
  })
  for (const path of Object.keys(answers)) {
    const { code, outcome } = await problem(upstream.serve(asked({ path })))
    deepEqual([code, outcome], ['bad-reply', 'sent'], path)
  }
  equal((await upstream.serve(asked({ path: '/2gib', method: 'HEAD' }))).status, 200, 'it has no body')
})

test('what cannot be written as HTTP is not sent', async t => {
  const { upstream } = await open(t, (_req, res) => void res.end())
  for (const told of [{ path: '/a b' }, { headers: [['x-a', 'a\nb']] as const }])
    equal((await problem(upstream.serve(asked(told)))).code, 'invalid-request')
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
  equal((await problem(upstream.serve(asked({ path: '/coded' })))).code, 'bad-reply')
  const taken = await upstream.serve(asked({ path: '/coded', headers: [['accept-encoding', 'gzip']] }))
  equal(taken.body.length, 100_000)
  equal((await upstream.serve(asked())).status, 200, 'it goes on afterwards')
})

test('beyond its connections nobody waits', async t => {
  const waiting: ServerResponse[] = []
  const { upstream, connections } = await open(t, (_req, res) => void waiting.push(res), { connections: 2 })
  const under = [upstream.serve(asked()), upstream.serve(asked())]
  const { code, outcome } = await problem(upstream.serve(asked()))
  deepEqual([code, outcome], ['bulkhead-full', 'not-sent'])
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
