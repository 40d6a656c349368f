import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import request from 'supertest'
import { events } from '../../src/events.ts'
import { administer } from '../../src/routes/admin.ts'
import type { AdminPages, AdminServer } from '../../src/routes/admin.ts'

async function open(
  t: TestContext,
  over: Partial<AdminPages> = {},
  host = '127.0.0.1',
): Promise<AdminServer & { url: string }> {
  const admin = await administer(
    { host, port: 0 },
    {
      readiness: () => ({ ready: true, degraded: false, reasons: [] }),
      metrics: async () => 'sluice_up 1\n',
      config: () => ({ broker: { sasl: { password: '***' } } }),
      policies: () => ({ routes: {}, refusals: [] }),
      calls: () => ({}),
      processes: () => ({}),
      call: () => null,
      ...over,
    },
  )
  t.after(() => admin.close())
  return { ...admin, url: `http://127.0.0.1:${admin.port}` }
}

test('the process is alive as long as it answers', async t => {
  const { url } = await open(t, { readiness: () => ({ ready: false, degraded: false, reasons: ['no brokers'] }) })
  const answer = await request(url).get('/livez')
  deepEqual([answer.status, answer.body], [200, { alive: true }])
})

test('readiness is told by status, with reasons only when asked', async t => {
  let ready = false
  const { url } = await open(t, { readiness: () => ({ ready, degraded: true, reasons: ['No broker is reachable.'] }) })
  const brief = await request(url).get('/readyz')
  deepEqual([brief.status, brief.body], [503, { ready: false }])
  const verbose = await request(url).get('/readyz?verbose')
  deepEqual(
    [verbose.status, verbose.body],
    [503, { ready: false, degraded: true, reasons: ['No broker is reachable.'] }],
  )
  ready = true
  equal((await request(url).get('/readyz')).status, 200)
  deepEqual((await request(url).get('/readyz?verbose=1')).status, 200)
})

test('metrics are text, the configuration is JSON', async t => {
  const { url } = await open(t)
  const metrics = await request(url).get('/metrics')
  deepEqual(
    [metrics.text, metrics.headers['content-type']],
    ['sluice_up 1\n', 'text/plain; version=0.0.4; charset=utf-8'],
  )
  const config = await request(url).get('/config')
  deepEqual(config.body, { broker: { sasl: { password: '***' } } })
  match(config.headers['cache-control'] as string, /no-store/)
})

test('HEAD is answered without a body, other methods and pages are refused in JSON', async t => {
  const { url } = await open(t)
  const head = await request(url).head('/metrics')
  deepEqual([head.status, head.headers['content-length']], [200, '12'])
  for (const method of ['post', 'put', 'delete'] as const) {
    const answer = await request(url)[method]('/livez')
    deepEqual([answer.status, answer.headers['allow'], answer.type], [405, 'GET, HEAD', 'application/json'])
  }
  const missing = await request(url).get('/livez/')
  deepEqual([missing.status, missing.type], [404, 'application/json'])
})

test('a page that fails is an answer and a warning', async t => {
  const cause = new Error('canary')
  const warnings: unknown[] = []
  const listener = (warning: unknown): void => void warnings.push(warning)
  events.warning.subscribe(listener)
  t.after(() => events.warning.unsubscribe(listener))
  const { url } = await open(t, { metrics: () => Promise.reject(cause) })
  const answer = await request(url).get('/metrics')
  equal(answer.status, 500)
  equal(answer.text.includes('canary'), false)
  deepEqual(warnings, [{ what: 'The admin page /metrics failed.', cause }])
})

const statusFor = async (port: number, host: string): Promise<number | undefined> => {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
  get({ port, host: '127.0.0.1', path: '/livez', headers: { host } }, resolve)
  const response = await promise
  response.resume()
  return response.statusCode
}

test('on loopback only a Host that no name server knows is served', async t => {
  const { port } = await open(t)
  for (const host of ['127.0.0.1', `127.0.0.1:${port}`, 'localhost', `LOCALHOST:${port}`, '[::1]:9090', '10.0.0.1'])
    equal(await statusFor(port, host), 200, host)
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '[evil]',
    '2130706433',
  ])
    equal(await statusFor(port, host), 403, host)
})

test('elsewhere any Host is served, as probes and proxies use names', async t => {
  const { port } = await open(t, {}, '0.0.0.0')
  equal(await statusFor(port, 'sluice.example'), 200)
})

test('closing does not wait for idle readers', async t => {
  const { url, close } = await open(t)
  await fetch(`${url}/livez`)
  await close()
})
