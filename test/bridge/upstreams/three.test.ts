import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { ok } from 'node:assert/strict'
import { Upstream as Options } from '../../../config/schema/upstream.ts'
import { Aborter } from '../../../src/aborter.ts'
import { Problem } from '../../../src/problem.ts'
import { guardEndpoint } from '../../../src/resilience/guards.ts'
import { nameServer } from '../../help/dns.ts'
import { httpServer } from '../../help/httpserver.ts'
import { anAsk, anUpstream } from '../../help/upstream.ts'

type Fault = 'none' | 'slow' | 'errors' | 'away'
const [windowMs, measureMs, slowMs, callers] = [1_500, 700, 300, 16] as const

/** Three servers of one port on 127.0.0.1 to .3 under a name, an upstream that follows it, and callers that never rest. */
async function noticed(t: TestContext, name: 'slow' | 'errors' | 'dead' | 'gone'): Promise<string> {
  let fault: Fault = 'none'
  const servers = await Promise.all(
    [0, 1, 2].map(n =>
      httpServer(t, (req, res) => {
        const mine = n === 2 ? fault : 'none'
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
  const stop = new AbortController()
  let [calls, bad] = [0, 0]
  const ones = Array.from({ length: callers }, async () => {
    while (!stop.signal.aborted) {
      const begun = performance.now()
      const answer = await upstream.serve(anAsk({ method: 'POST' })).catch((error: unknown) => Problem.from(error))
      calls++
      if (answer instanceof Problem || answer.status >= 500 || performance.now() - begun >= slowMs) bad++
    }
  })
  const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
  await sleep(300)
  if (name === 'dead') await servers[2]!.close()
  if (name === 'gone') dns.names.set('shop.test', names(2))
  if (name === 'slow' || name === 'errors') fault = name
  await sleep(windowMs)
  calls = bad = 0
  await sleep(measureMs)
  stop.abort()
  await Promise.all(ones)
  if (name === 'gone') ok(upstream.endpoints.length === 2)
  ok(calls > 100, `only ${calls} calls`)
  return bad / calls < 0.01 ? 'under 1 %' : `${bad} of ${calls}`
}

suite('One of three endpoints', { timeout: 30_000 }, () => {
  for (const name of ['slow', 'errors', 'dead', 'gone'] as const)
    test(`is ${name}: under 1 % of the calls notice, once it has been seen`, async t => {
      const seen = await noticed(t, name)
      ok(seen === 'under 1 %', seen)
    })
})
