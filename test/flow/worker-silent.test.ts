import { test } from 'node:test'
import { equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'

const timeoutMs = 80
const quick = { routes: { 'place-order': { timeoutMs } } }

test('a silent worker costs its client 504 reply-timeout, and the command counts as sent', async t => {
  const { ask, admin, worker } = await aGateway(t, quick)
  const answer = await ask('/orders', { body: anOrder })
  equal(answer.status, 504)
  equal(answer.code, 'reply-timeout')
  equal(answer.outcome, 'sent')
  equal(answer.json['outcome'], 'sent')
  equal(answer.headers['content-type'], 'application/problem+json')
  match(String(answer.json['instance']), new RegExp(String(answer.headers['sluice-call-id'])))
  ok(answer.ms >= timeoutMs, `answered after ${answer.ms} ms`)
  equal(worker.commands.length, 1)
  const metrics = await admin.metrics()
  equal(
    metrics.sum('sluice_calls_total', { route: 'place-order', status: '5xx', outcome: 'sent', code: 'reply-timeout' }),
    1,
  )
})

test('the command says until when somebody wants it done', async t => {
  const { ask, worker } = await aGateway(t, quick)
  const before = Date.now()
  await ask('/orders', { body: anOrder })
  const { expires } = await worker.next()
  ok(expires >= before + timeoutMs - 1 && expires <= Date.now() + timeoutMs, `expires ${expires - before} ms later`)
})

test('who waits for a silent worker holds up nobody else', async t => {
  const { ask, gateway, worker } = await aGateway(t, {
    drain: { limitMs: 0 },
    routes: { 'place-order': { timeoutMs: 60_000 } },
  })
  const silent = ask('/orders', { body: anOrder })
  await worker.next()
  equal((await ask('/signals', { body: {} })).status, 202)
  const read = ask('/orders/o-1')
  await (await worker.next()).reply({ status: 404 })
  equal((await read).status, 404)
  await gateway.stop()
  equal((await silent).code, 'reply-timeout')
})
