import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { follow } from '../help/follow.ts'
import { anIssuer, jwtOf } from '../help/issuer.ts'
import type { Issuer } from '../help/issuer.ts'
import { until } from '../help/until.ts'

const tenants = {
  from: 'claim.tenant',
  of: {
    acme: { inFlight: 2, keyPrefix: 'acme.' },
    globex: { keyPrefix: 'globex.', workers: { orders: 'own' }, topics: { signals: 'globex.signals' } },
  },
}
const identity = { identity: 'required' }
const over = (issuer: Issuer, more: Part = {}): Part => ({
  identity: { providers: { shop: jwtOf(issuer) } },
  tenants: { ...tenants, ...more },
  workers: { own: { topic: 'globex.orders' } },
  routes: { 'place-order': identity, 'read-order': identity, signal: identity },
})
const bearing = async (issuer: Issuer, claims: Record<string, unknown>) => ({
  authorization: `Bearer ${await issuer.token({ claims })}`,
})

test('a tenant that has all the calls that it may have is refused, and another is served', async t => {
  const issuer = await anIssuer(t)
  const { ask, worker } = await aGateway(t, over(issuer, { others: { inFlight: 1, keyPrefix: '{tenant}/' } }))
  const [acme, small] = [await bearing(issuer, { tenant: 'acme' }), await bearing(issuer, { tenant: 'small' })]
  const running = [1, 2].map(id => ask(`/orders/${id}`, { headers: acme }))
  const commands = [await worker.next(), await worker.next()]
  const third = await ask('/orders/3', { headers: acme })
  deepEqual(
    [third.status, third.code, third.json['policy'], third.outcome],
    [503, 'bulkhead-full', 'tenant', 'not-sent'],
  )
  const other = ask('/orders/1', { headers: small })
  const command = await worker.next()
  equal(command.key, 'small/1')
  for (const each of [command, ...commands]) await each.reply({ status: 200 })
  deepEqual(
    (await Promise.all([...running, other])).map(({ status }) => status),
    [200, 200, 200],
  )
  equal(
    (await Promise.all([ask('/orders/4', { headers: acme }), worker.next().then(next => next.reply({}))]))[0].status,
    200,
  )
})

test('a tenant with a worker and topics of its own shares neither, and its keys are its own', async t => {
  const issuer = await anIssuer(t)
  const { ask, worker, broker } = await aGateway(t, over(issuer))
  const own = await handWorker(t, broker, 'globex.orders')
  const told = await follow(t, broker, 'globex.signals')
  const headers = await bearing(issuer, { tenant: 'globex' })
  const asked = ask('/orders', { body: anOrder, headers })
  const command = await own.next()
  equal(command.key, 'globex.o-1')
  await command.reply({ status: 201 })
  equal((await asked).status, 201)
  equal(worker.commands.length, 0)
  equal((await ask('/signals', { body: {}, headers })).status, 202)
  await until('it is in the topic of the tenant', () => told.length === 1)
})

test('failures of the worker of one tenant do not touch another', async t => {
  const issuer = await anIssuer(t)
  const { ask, worker, broker } = await aGateway(t, over(issuer))
  const own = await handWorker(t, broker, 'globex.orders')
  own.always(command => void command.reply({ status: 500 }))
  worker.always(command => void command.reply({ status: 200 }))
  const [acme, globex] = [await bearing(issuer, { tenant: 'acme' }), await bearing(issuer, { tenant: 'globex' })]
  for (let i = 0; i < 30; i++) await ask(`/orders/${i}`, { headers: globex })
  equal((await ask('/orders/1', { headers: globex })).code, 'circuit-open')
  equal((await ask('/orders/1', { headers: acme })).status, 200)
})

test('failures of one tenant in a worker that all share leave it open to the others, and a failing worker closes for all', async t => {
  const issuer = await anIssuer(t)
  const breaker = { openMs: 60_000 }
  const config = over(issuer, { of: { acme: {}, globex: {}, initech: {} } })
  const { ask, worker } = await aGateway(t, {
    ...config,
    workers: { orders: { breaker }, own: { topic: 'globex.orders' } },
  })
  const of = async (tenant: string) => ({ headers: await bearing(issuer, { tenant }) })
  const [acme, globex, initech] = [await of('acme'), await of('globex'), await of('initech')]
  worker.always(command => void command.reply({ status: /bad/.test(command.key ?? '') ? 503 : 200 }))
  const codes: unknown[] = []
  for (let i = 0; i < 60; i++) {
    codes.push((await ask(`/orders/bad-${i}`, acme)).code)
    const { status, text } = await ask(`/orders/${i}`, i % 2 === 0 ? globex : initech)
    equal(status, 200, text)
  }
  equal(codes.filter(code => code === 'circuit-open').length, 40, 'its own circuit opens at twenty of its calls')
  // now it is the worker, and all but acme hear of it by what they share
  for (let i = 0; i < 60; i++) codes.push((await ask(`/orders/bad-${i}`, i % 2 === 0 ? globex : initech)).code)
  equal((await ask('/orders/1', globex)).code, 'circuit-open')
  equal((await ask('/orders/1', initech)).code, 'circuit-open')
})

test('whoever names no tenant, or one that nobody knows, is refused', async t => {
  const issuer = await anIssuer(t)
  const { ask } = await aGateway(t, over(issuer))
  for (const claims of [{}, { tenant: 'nobody' }, { tenant: 7 }, { tenant: '__proto__' }, { tenant: 'a b' }]) {
    const { status, code, outcome } = await ask('/orders/1', { headers: await bearing(issuer, claims) })
    deepEqual([status, code, outcome], [403, 'forbidden', 'not-sent'], JSON.stringify(claims))
  }
})

test('the same subject and key in two tenants are two commands, and operations are those of their tenant', async t => {
  const issuer = await anIssuer(t)
  const routes = { 'place-order': { ...identity, idempotency: { key: 'required' }, async: 'always' } }
  const config = over(issuer, { of: { acme: {}, globex: {} } })
  const { ask, worker } = await aGateway(t, { ...config, routes: { ...(config['routes'] as Part), ...routes } })
  const at = async (tenant: string) => ({ ...(await bearing(issuer, { tenant })), 'idempotency-key': '"k-1"' })
  const first = await ask('/orders', { body: anOrder, headers: await at('acme') })
  const second = await ask('/orders', { body: anOrder, headers: await at('globex') })
  deepEqual([first.status, second.status], [202, 202])
  await until('both commands are there', () => worker.commands.length === 2)
  const { location } = first.headers
  equal((await ask(String(location), { headers: await at('acme') })).status, 202)
  equal((await ask(String(location), { headers: await at('globex') })).status, 404)
})
