import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { events } from '../src/events.ts'
import type { Happenings } from '../src/events.ts'
import { client } from './help/ask.ts'
import { aGateway, anOrder } from './help/gateway.ts'

const token = 'a-token-of-enough-length'

async function opened(t: Parameters<typeof aGateway>[0], over: Parameters<typeof aGateway>[1] = {}) {
  const { gateway, ask, worker } = await aGateway(t, { admin: { token }, ...over })
  worker.always(command => void command.reply({ status: 201 }))
  const { ask: admin, ...held } = client(gateway.adminUrl)
  t.after(() => held[Symbol.dispose]())
  const change = (method: string, path: string, body?: object) =>
    admin(path, { method, headers: { authorization: `Bearer ${token}` }, ...(body !== undefined && { body }) })
  return { ask, change }
}

test('an operator opens a circuit and lets go of it, and the requests follow', async t => {
  const { ask, change } = await opened(t)
  equal((await ask('/orders', { body: anOrder })).status, 201)
  const open = await change('PUT', '/circuits/orders', { force: 'open' })
  deepEqual([open.status, open.json['state'], open.json['forced']], [200, 'open', 'open'])
  equal((await ask('/orders', { body: anOrder })).code, 'circuit-open')
  equal((await change('PUT', '/circuits/orders', { force: null })).status, 200)
  equal((await ask('/orders', { body: anOrder })).status, 201)
})

test('what is no circuit or no force is told with what there is', async t => {
  const { change } = await opened(t)
  const unknown = await change('PUT', '/circuits/stock', { force: 'open' })
  equal(unknown.status, 404)
  match(String(unknown.json['error']), /there are orders, cluster/)
  for (const body of [{ force: 'ajar' }, {}, []]) equal((await change('PUT', '/circuits/orders', body)).status, 400)
  equal((await change('PUT', '/faults', {})).status, 404, 'they are off')
})

test('faults are injected and ended while it runs', async t => {
  const { ask, change } = await opened(t, { faults: { mode: 'enforce' } })
  const rules = { broken: { route: 'place-order', kind: 'abort', status: 503, percent: 100, forMs: 60_000 } }
  const set = await change('PUT', '/faults', rules)
  equal(set.status, 200, set.text)
  equal((await ask('/orders', { body: anOrder })).status, 503)
  equal((await change('PUT', '/faults', { broken: { kind: 'no such' } })).status, 400)
  equal((await ask('/orders', { body: anOrder })).status, 503, 'a wrong rule changes nothing')
  equal((await change('DELETE', '/faults')).status, 200)
  equal((await ask('/orders', { body: anOrder })).status, 201)
})

test('the level of the log changes while it runs, and every attempt to change something is a line', async t => {
  const { change } = await opened(t)
  const told: Happenings['audit'][] = []
  const listener = (audit: Happenings['audit']): void => void told.push(audit)
  events.audit.subscribe(listener)
  t.after(() => events.audit.unsubscribe(listener))
  deepEqual((await change('PUT', '/log', { level: 'debug' })).json, { level: 'debug' })
  equal((await change('PUT', '/log', { level: 'loud' })).status, 400)
  const [first, second] = told
  deepEqual(first, { change: 'PUT /log', from: '127.0.0.1', status: 200, asked: '{"level":"debug"}' })
  deepEqual([second!.status, second!.asked], [400, '{"level":"loud"}'])
  match(second!.why ?? '', /one of fatal, error/)
})

test('who shows no token is told of, and changes nothing', async t => {
  const { gateway, admin } = await aGateway(t, { admin: { token } })
  const told: Happenings['audit'][] = []
  const listener = (audit: Happenings['audit']): void => void told.push(audit)
  events.audit.subscribe(listener)
  t.after(() => events.audit.unsubscribe(listener))
  equal((await admin.ask('/drain', { method: 'PUT' })).status, 401)
  deepEqual([told.map(({ status }) => status), gateway.stopping], [[401], false])
})

test('an operator drains the instance, as SIGTERM does', async t => {
  const { gateway, admin } = await aGateway(t, { admin: { token } })
  const headers = { authorization: `Bearer ${token}` }
  deepEqual((await admin.ask('/drain', { method: 'PUT', headers })).json, { draining: true })
  await gateway.stopped
})
