import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'

/** Opens with the first failure, so that the second call meets an open circuit. */
const brittle = { orders: { breaker: { consecutive: 1, minCalls: 1, openMs: 60_000 } } }
const reading = (fallback: readonly Part[], over: Part = {}): Part => ({
  workers: brittle,
  routes: { 'read-order': { fallback, ...over }, 'place-order': { timeoutMs: 400, commandTtlMs: 400 } },
  broker: { publish: { attemptMs: 100, attempts: 1 } },
})

async function aServer(t: TestContext, answer = 'from elsewhere'): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers['x-tenant'] ?? ''}`)
    res.setHeader('content-type', 'text/plain').setHeader('etag', '"e"').setHeader('x-inner', '1').end(answer)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('an open circuit is answered with what the worker said before, and how old it is', async t => {
  const { ask, worker, admin } = await aGateway(t, reading([{ stale: {} }]))
  const answering = ask('/orders/o-1')
  await (
    await worker.next()
  ).reply({ body: '{"orderId":"o-1"}', headers: { 'http-header-cache-control': 'max-age=1' } })
  const first = await answering
  deepEqual([first.status, first.outcome, first.headers['cache-status']], [200, 'sent', undefined])
  worker.always(command => void command.reply({ status: 500 }))
  const failed = await ask('/orders/o-1')
  deepEqual([failed.status, failed.text, failed.outcome], [200, '{"orderId":"o-1"}', 'sent'])
  equal(failed.headers['cache-status'], 'sluice; fwd=stale; fwd-status=500; detail=500')
  const open = await ask('/orders/o-1')
  deepEqual([open.status, open.text, open.outcome], [200, '{"orderId":"o-1"}', 'not-sent'])
  deepEqual([open.headers['content-type'], open.headers['cache-control']], ['application/json', 'max-age=1'])
  equal(open.headers['cache-status'], 'sluice; fwd=stale; detail=circuit-open')
  match(String(open.headers['age']), /^\d$/)
  const unknown = await ask('/orders/o-2')
  deepEqual([unknown.status, unknown.code], [503, 'circuit-open'])
  const metrics = await admin.metrics()
  const of = (result: string): number =>
    metrics.sum('sluice_fallbacks_total', { route: 'read-order', kind: 'stale', result })
  deepEqual([of('answered'), of('missed')], [2, 1])
})

test('a worker that says nothing is answered for before the client leaves, and its answer stays the truth', async t => {
  const fallback = [
    { stale: {} },
    { fixed: { status: 203, headers: { 'content-type': 'text/plain', 'x-fixed': '1' }, body: 'fixed' } },
  ]
  const { ask, worker } = await aGateway(t, reading(fallback, { timeoutMs: 400 }))
  const answering = ask('/orders/o-1')
  await worker.next()
  const { status, text, headers, outcome, ms } = await answering
  deepEqual([status, text, headers['x-fixed'], outcome], [203, 'fixed', '1', 'sent'])
  ok(ms >= 350, `${ms}`)
})

test('a worker that refuses is never contradicted', async t => {
  const { ask, worker } = await aGateway(t, reading([{ fixed: {} }]))
  worker.always(command => void command.reply({ status: 422 }))
  equal((await ask('/orders/o-1')).status, 422)
})

test('another server answers in place of the worker, told what the worker is told', async t => {
  const other = await aServer(t)
  const part = reading([{ stale: {} }, { upstream: { url: `${other.url}/legacy`, timeoutMs: 1_000 } }], {
    requestHeaders: ['x-tenant'],
  })
  const { ask, worker } = await aGateway(t, part)
  worker.always(command => void command.reply({ status: 503 }))
  await ask('/orders/o-1')
  const headers = { 'x-tenant': 't', authorization: 'secret' }
  const answer = await ask('/orders/o-1?full=1', { headers })
  deepEqual([answer.status, answer.text, answer.outcome], [200, 'from elsewhere', 'not-sent'])
  deepEqual(
    [answer.headers['content-type'], answer.headers['etag'], answer.headers['x-inner']],
    ['text/plain', '"e"', undefined],
  )
  deepEqual(other.asked, ['GET /legacy/orders/o-1?full=1 t'])
})

test('a command that may run already does not go to another server, one that is not sent does', async t => {
  const other = await aServer(t)
  const { ask, worker } = await aGateway(t, {
    workers: brittle,
    routes: { 'place-order': { fallback: [{ upstream: { url: other.url, timeoutMs: 100 } }], timeoutMs: 500 } },
    broker: { publish: { attemptMs: 100, attempts: 1 } },
  })
  const silent = ask('/orders', { body: anOrder })
  await worker.next()
  const { status, code, outcome } = await silent
  deepEqual([status, code, outcome], [504, 'reply-timeout', 'sent'])
  deepEqual(other.asked, [])
  worker.always(command => void command.reply({ status: 500 }))
  for (let i = 0; i < 2; i++) await ask('/orders', { body: anOrder })
  ok(other.asked.length >= 1)
  equal((await ask('/orders', { body: anOrder })).text, 'from elsewhere')
})

test('when all fail the last failure is the answer', async t => {
  const { ask, worker } = await aGateway(t, reading([{ upstream: { url: 'http://127.0.0.1:1' } }]))
  worker.always(command => void command.reply({ status: 500 }))
  equal((await ask('/orders/o-1')).status, 500)
  const { status, code, outcome, json } = await ask('/orders/o-1')
  deepEqual([status, code, outcome, json['policy']], [502, 'upstream-failed', 'not-sent', 'fallback'])
})
