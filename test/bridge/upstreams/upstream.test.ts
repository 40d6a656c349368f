import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import { Problem } from '../../../src/problem.ts'
import { guardEndpoint } from '../../../src/resilience/guards.ts'
import { Budget } from '../../../src/resilience/repetition/index.ts'
import { Upstream as Options } from '../../../config/schema/upstream.ts'
import { nameServer } from '../../help/dns.ts'
import { httpServer } from '../../help/httpserver.ts'
import { anAsk, anUpstream } from '../../help/upstream.ts'
import { until } from '../../help/until.ts'

const good = (name: string) => (_req: unknown, res: { end: (body: string) => void }) => res.end(name)
const textOf = ({ body }: { body: Uint8Array }): string => Buffer.from(body).toString()

test('calls are spread over all endpoints', async t => {
  const servers = await Promise.all(['a', 'b', 'c'].map(name => httpServer(t, good(name))))
  await using upstream = anUpstream(servers.map(({ url }) => url))
  for (let i = 0; i < 90; i++) await upstream.serve(anAsk())
  for (const server of servers) ok(server.requests() > 15, String(server.requests()))
})

test('what one endpoint certainly did not serve goes to another, and what is idempotent also after 503', async t => {
  const well = await httpServer(t, good('well'))
  const busy = await httpServer(t, (_req, res) => void res.writeHead(503).end())
  await using away = anUpstream(['http://127.0.0.1:1', well.url])
  for (let i = 0; i < 20; i++) equal(textOf(await away.serve(anAsk({ method: 'POST' }))), 'well')
  await using upstream = anUpstream([busy.url, well.url])
  for (let i = 0; i < 20; i++) equal(textOf(await upstream.serve(anAsk())), 'well')
  const statuses = new Set<number>()
  for (let i = 0; i < 40; i++) statuses.add((await upstream.serve(anAsk({ method: 'POST' }))).status)
  deepEqual(statuses, new Set([200, 503]))
})

test('repetitions are paid for by the budget', async t => {
  const busy = await Promise.all([1, 2].map(() => httpServer(t, (_req, res) => void res.writeHead(503).end())))
  await using upstream = anUpstream(
    busy.map(({ url }) => url),
    {},
    { budget: new Budget({ percent: 10, floor: 2 }) },
  )
  for (let i = 0; i < 100; i++) equal((await upstream.serve(anAsk())).status, 503)
  const sent = busy.reduce((sum, { requests }) => sum + requests(), 0)
  ok(sent <= 112, String(sent))
})

test('an endpoint that is away is not asked again while its circuit is open, and calls wait until it is back', async t => {
  const server = await httpServer(t, good('a'))
  const { port, url } = server
  const options = Options.parse({ urls: [url], breaker: { openMs: 50 } })
  await using upstream = anUpstream([url], { attempts: 1 }, { guard: name => guardEndpoint(name, options, 1_000) })
  await server.close()
  for (let i = 0; i < 5; i++) await upstream.serve(anAsk()).catch(() => {})
  const refused = await upstream.serve(anAsk()).catch((error: unknown) => Problem.from(error))
  equal(refused instanceof Problem && refused.code, 'circuit-open')
  match(upstream.notices.join(), /circuit open/)
  await httpServer(t, good('back'), port)
  await upstream.free(new Aborter())
  equal(textOf(await upstream.serve(anAsk())), 'back')
  deepEqual(upstream.notices, [])
})

test('a name’s endpoints come and go with its records, and nobody notices', async t => {
  const one = await httpServer(t, good('one'))
  const server = await nameServer(t, { 'shop.test': { a: ['127.0.0.1'], ttl: 0 } })
  const discovery = { type: 'address', servers: [server.address], timeoutMs: 500, minMs: 10, maxMs: 1_000 } as const
  await using upstream = anUpstream([`http://shop.test:${one.port}`], { discovery })
  await upstream.free(new Aborter())
  deepEqual(
    upstream.endpoints.map(({ name }) => name),
    [`127.0.0.1:${one.port}`],
  )
  equal(textOf(await upstream.serve(anAsk())), 'one')
  server.names.set('shop.test', { a: ['127.0.0.1', '127.0.0.9'], ttl: 0 })
  await until('both are known', () => upstream.endpoints.length === 2)
  for (let i = 0; i < 20; i++) equal(textOf(await upstream.serve(anAsk())), 'one')
  server.names.set('shop.test', { a: ['127.0.0.1'], ttl: 0 })
  await until('one is gone', () => upstream.endpoints.length === 1)
  equal(textOf(await upstream.serve(anAsk())), 'one')
})

test('the host of the URL is what the server is told, whatever address is dialled', async t => {
  const hosts: unknown[] = []
  const { port } = await httpServer(t, (req, res) => {
    hosts.push(req.headers.host)
    res.end()
  })
  const server = await nameServer(t, { 'shop.test': { a: ['127.0.0.1'], ttl: 9 } })
  const discovery = { type: 'address', servers: [server.address], timeoutMs: 500, minMs: 10, maxMs: 1_000 } as const
  await using upstream = anUpstream([`http://shop.test:${port}/base`], { discovery })
  await upstream.free(new Aborter())
  await upstream.serve(anAsk())
  deepEqual(hosts, [`shop.test:${port}`])
})

test('who passes no check gets no call, and is told of', async t => {
  const well = await httpServer(t, good('well'))
  const ill = await httpServer(t, (req, res) => void res.writeHead(req.url === '/healthz' ? 503 : 200).end('ill'))
  const checks = { path: '/healthz', everyMs: 10, timeoutMs: 500, healthy: 1, unhealthy: 1 }
  await using upstream = anUpstream([well.url, ill.url], { checks })
  await until('it is ill', () => upstream.endpoints.some(({ healthy }) => !healthy))
  for (let i = 0; i < 20; i++) equal(textOf(await upstream.serve(anAsk())), 'well')
  match(upstream.notices.join(), new RegExp(`does without 127.0.0.1:${ill.port} \\(its checks fail\\)`))
})

test('an endpoint on probation gets one call at a time', async t => {
  let most = 0
  let now = 0
  const tried = await httpServer(t, (_req, res) => {
    most = Math.max(most, ++now)
    setTimeout(() => {
      now--
      res.end()
    }, 20)
  })
  const well = await httpServer(t, good('well'))
  await using upstream = anUpstream([tried.url, well.url], { connections: 20 })
  for (const endpoint of upstream.endpoints) endpoint.onProbation = endpoint.name.endsWith(String(tried.port))
  await Promise.all(Array.from({ length: 20 }, () => upstream.serve(anAsk())))
  equal(most, 1)
})

test('it says why nobody can be called', async t => {
  const server = await httpServer(t, good('a'))
  await using none = anUpstream(['http://none.test'], {
    discovery: { type: 'address', servers: ['127.0.0.1:9'], timeoutMs: 50, minMs: 10, maxMs: 100 },
  })
  match(none.refusal()?.message ?? '', /no address yet/)
  equal(none.refusal()?.outcome, 'not-sent')
  await using upstream = anUpstream([server.url], { connections: 1 })
  const under = upstream.serve(anAsk())
  equal(upstream.refusal()?.code, 'bulkhead-full')
  await under
  equal(upstream.refusal(), null)
})
