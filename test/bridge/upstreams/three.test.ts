import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { ok } from 'node:assert/strict'
import { Upstream as Options } from '../../../config/schema/upstream.ts'
import { Aborter } from '../../../src/aborter.ts'
import { headerOf } from '../../../src/call.ts'
import type { Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { guardEndpoint } from '../../../src/resilience/guards.ts'
import { nameServer } from '../../help/dns.ts'
import { httpServer } from '../../help/httpserver.ts'
import { until } from '../../help/until.ts'
import { anAsk, anUpstream } from '../../help/upstream.ts'

type Fault = 'none' | 'slow' | 'errors' | 'away'
const [measureMs, slowMs, callers] = [Number(process.env['MEASURE_MS'] ?? 700), 400, 16] as const

/** Three servers of one port on 127.0.0.1 to .3 under a name, an upstream that follows it, and callers that never rest. */
async function noticed(t: TestContext, name: 'slow' | 'errors' | 'dead' | 'gone'): Promise<string> {
  let fault: Fault = 'none'
  const servers = await Promise.all(
    [0, 1, 2].map(n =>
      httpServer(t, (req, res) => {
        const mine = n === 2 ? fault : 'none'
        res.setHeader('x-server', n)
        if (mine === 'away') req.socket.destroy()
        else if (mine === 'errors' && req.url !== '/healthz') res.writeHead(500).end()
        else if (mine === 'slow' && req.url !== '/healthz') setTimeout(() => res.end(), slowMs)
        else res.end()
      }),
    ),
  )
  const ports = servers.map(({ port }) => port)
  const names = (count: number) => ({
    srv: ports.slice(0, count).map(port => [port, 'one.test'] as const),
    ttl: 0,
  })
  const dns = await nameServer(t, { 'shop.test': names(3), 'one.test': { a: ['127.0.0.1'], ttl: 0 } })
  const options = Options.parse({
    urls: ['http://shop.test'],
    dns: { type: 'srv', servers: [dns.address], minMs: 100 },
    checks: { path: '/healthz', everyMs: 50 },
    outliers: { everyMs: 100 },
    connections: callers,
  })
  const { dns: discovery, outliers, checks } = options
  await using upstream = anUpstream(
    options.urls,
    { ...options, name: 'shop', discovery, outliers, checks, maxReplyBytes: 1_000 },
    { guard: endpoint => guardEndpoint(endpoint, options, 2_000) },
  )
  await upstream.free(new Aborter())
  // told by who answered, not by a clock: the machine may be slow, too
  const isSlow = ({ headers }: Reply): boolean => fault === 'slow' && headerOf(headers, 'x-server') === '2'
  const stop = new AbortController()
  let [seen, calls, bad] = [false, 0, 0]
  const ones = Array.from({ length: callers }, async () => {
    while (!stop.signal.aborted) {
      const counts = seen // what began before is part of the window in which it is found out
      const answer = await upstream.serve(anAsk({ method: 'POST' })).catch((error: unknown) => Problem.from(error))
      if (!counts) continue
      calls++
      if (answer instanceof Problem || answer.status >= 500 || isSlow(answer)) bad++
    }
  })
  await until('all are asked', () => servers.every(({ requests }) => requests() > 50))
  if (name === 'dead') await servers[2]!.close()
  if (name === 'gone') dns.names.set('shop.test', names(2))
  if (name === 'slow' || name === 'errors') fault = name
  await until('it is found out', () => upstream.notices.length > 0 || upstream.endpoints.length === 2)
  seen = true
  await new Promise<void>(resolve => setTimeout(resolve, measureMs))
  stop.abort()
  await Promise.all(ones)
  if (name === 'gone') ok(upstream.endpoints.length === 2)
  ok(calls > 100, `only ${calls} calls`)
  return bad / calls < 0.01 ? 'under 1 %' : `${bad} of ${calls}`
}

suite('One of three endpoints', { timeout: 60_000 + 4 * measureMs }, () => {
  for (const name of ['slow', 'errors', 'dead', 'gone'] as const)
    test(`is ${name}: under 1 % of the calls notice, once it has been seen`, async t => {
      const seen = await noticed(t, name)
      ok(seen === 'under 1 %', seen)
    })
})
