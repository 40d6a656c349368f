import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'

const origin = 'https://shop.example'
const over = { routes: { 'place-order': { cors: { origins: [origin], credentials: true }, bodyBytes: 100 } } }
const preflight = { origin, 'access-control-request-method': 'POST' }

test('a preflight is answered without a route of its own, and nothing reaches the worker', async t => {
  const { ask, worker } = await aGateway(t, over)
  const { status, headers } = await ask('/orders', { method: 'OPTIONS', headers: preflight })
  equal(status, 204)
  equal(headers['access-control-allow-origin'], origin)
  equal(headers['access-control-allow-methods'], 'POST')
  match(String(headers['access-control-allow-headers']), /content-type/)
  equal(headers['access-control-allow-credentials'], 'true')
  equal(worker.commands.length, 0)
})

test('an origin that is not listed is granted nothing', async t => {
  const { ask } = await aGateway(t, over)
  const evil = { ...preflight, origin: 'https://evil.example' }
  const { status, headers } = await ask('/orders', { method: 'OPTIONS', headers: evil })
  deepEqual([status, headers['access-control-allow-origin'], headers['allow']], [204, undefined, 'POST, OPTIONS'])
  const refused = await ask('/orders', { body: 'x'.repeat(101), headers: { origin: 'https://evil.example' } })
  equal(refused.headers['access-control-allow-origin'], undefined)
})

test('a page may read problems too, and when to come back', async t => {
  const { ask, worker } = await aGateway(t, over)
  const refused = await ask('/orders', { body: 'x'.repeat(101), headers: { origin } })
  equal(refused.code, 'too-large')
  equal(refused.headers['access-control-allow-origin'], origin)
  match(String(refused.headers['access-control-expose-headers']), /retry-after, sluice-outcome/)
  const asked = ask('/orders', { body: anOrder, headers: { origin } })
  await (await worker.next()).reply({ status: 201 })
  const { status, headers } = await asked
  deepEqual([status, headers['access-control-allow-origin'], headers.vary], [201, origin, 'Origin'])
})

test('without the option an answer says nothing of origins', async t => {
  const { ask } = await aGateway(t)
  const { headers } = await ask('/orders', { body: {}, headers: { origin } })
  deepEqual([headers['access-control-allow-origin'], headers.vary], [undefined, undefined])
})
