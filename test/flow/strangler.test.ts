import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { aGateway } from '../help/gateway.ts'
import { httpServer } from '../help/httpserver.ts'
import { until } from '../help/until.ts'

const token = 'the-token-of-these-tests'
const authorization = `Bearer ${token}`
type Shown = Readonly<{ percent: number; mirror: Readonly<{ compared: number; same: number; places: object }> | null }>

test('a route with an upstream is answered by it, without Kafka', async t => {
  const server = await httpServer(t, ({ method, url, headers }, res, body) => {
    res.writeHead(url === '/teapots/none' ? 404 : 201, {
      'content-type': 'text/plain',
      location: '/teapots/1',
      'x-own': 'a',
    })
    res.end(`${method} ${url} ${headers['x-tenant']} ${body}`)
  })
  const { ask } = await aGateway(t, {
    upstreams: { shop: { urls: [server.url] } },
    routes: { teapot: { match: 'PUT /teapots/:id', upstream: { to: 'shop' }, requestHeaders: ['x-tenant'] } },
  })
  const answer = await ask('/teapots/1?a=b', {
    method: 'PUT',
    body: { n: 1 },
    headers: { 'x-tenant': 't', 'x-other': 'o' },
  })
  deepEqual([answer.status, answer.text], [201, 'PUT /teapots/1?a=b t {"n":1}'])
  deepEqual(
    [answer.headers['location'], answer.headers['x-own'], answer.headers['sluice-outcome']],
    ['/teapots/1', undefined, 'sent'],
  )
  equal((await ask('/teapots/none', { method: 'PUT', body: {} })).status, 404)
  await server.close()
  const failed = await ask('/teapots/1', { method: 'PUT', body: {} })
  deepEqual([failed.status, failed.code, failed.headers['sluice-outcome']], [502, 'upstream-failed', 'not-sent'])
})

test('an upstream that is silent is waited for as long as the route says', async t => {
  const server = await httpServer(t, () => {})
  const { ask } = await aGateway(t, {
    upstreams: { shop: { urls: [server.url] } },
    routes: { teapot: { match: 'GET /teapots', upstream: { to: 'shop' }, timeoutMs: 100 } },
  })
  const { status, code, headers } = await ask('/teapots')
  deepEqual([status, code, headers['sluice-outcome']], [504, 'reply-timeout', 'sent'])
})

test('calls move from the upstream to the topic as the operator says, and copies are compared', async t => {
  const server = await httpServer(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"by":"old","n":1}')
  })
  const { ask, admin, worker } = await aGateway(t, {
    admin: { token },
    upstreams: { shop: { urls: [server.url] } },
    routes: {
      'read-order': {
        upstream: { to: 'shop' },
        strangler: { mirror: { ignore: ['/by'] } },
      },
    },
  })
  let n = 1
  worker.always(command => void command.reply({ body: JSON.stringify({ by: 'new', n }) }))
  const shown = async (): Promise<Shown> => {
    const { json } = await admin.ask('/policies')
    const [first] = (json as { routes: Record<string, ({ policy: string } & Shown)[]> }).routes['read-order'] ?? []
    equal(first?.policy, 'strangler')
    return first
  }
  const put = (body: unknown, name = 'read-order') =>
    admin.ask(`/strangler/${name}`, { method: 'PUT', body, headers: { authorization } })

  deepEqual((await ask('/orders/o-1')).json, { by: 'old', n: 1 })
  await until('the copy is compared', async () => (await shown()).mirror?.compared === 1)
  equal((await shown()).mirror?.same, 1)
  n = 2
  await ask('/orders/o-1')
  await until('the difference is seen', async () => (await shown()).mirror?.compared === 2)
  deepEqual((await shown()).mirror?.places, { '/n': 1 })

  equal((await put({ percent: 100, mirror: 0 })).status, 200)
  deepEqual((await ask('/orders/o-1')).json, { by: 'new', n: 2 })
  equal(server.requests(), 2)
  const wrong = await put({ percent: 200 })
  deepEqual([wrong.status, /Expected .*percent/.test(wrong.text)], [400, true])
  match((await put({ percent: 1 }, 'none')).text, /No route none has both/)
  equal((await put({ percent: 0 })).status, 200)
  deepEqual((await ask('/orders/o-1')).json, { by: 'old', n: 1 })
  const metrics = (await admin.ask('/metrics')).text
  match(metrics, /sluice_strangled_calls_total\{route="read-order",result="good"\} 1/)
  match(metrics, /sluice_mirrored_calls_total\{route="read-order",result="same"\} 1/)
})

test('a plan that fails goes back by itself', async t => {
  const server = await httpServer(t, (_req, res) => void res.end('old'))
  const { ask, admin, worker } = await aGateway(t, {
    upstreams: { shop: { urls: [server.url] } },
    routes: {
      'read-order': {
        upstream: { to: 'shop' },
        strangler: { plan: { steps: [100], everyMs: 1_000, minCalls: 5, start: true } },
      },
    },
  })
  worker.always(command => void command.reply({ status: 500, body: 'new' }))
  for (let i = 0; i < 5; i++) equal((await ask('/orders/o-1')).status, 500)
  await until('it has gone back', async () => (await ask('/orders/o-1')).text === 'old')
  match((await admin.ask('/policies')).text, /"state":\s*"held"/)
})
