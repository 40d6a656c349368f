import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { aGateway } from '../help/gateway.ts'
import { follow } from '../help/follow.ts'
import { anIssuer, jwtOf } from '../help/issuer.ts'
import { until } from '../help/until.ts'

test('claims say the topic of an event, whom its quota counts, and what of a stream its client gets', async t => {
  const issuer = await anIssuer(t)
  const { ask, broker } = await aGateway(t, {
    identity: { providers: { shop: jwtOf(issuer) } },
    routes: {
      signal: {
        match: 'POST /signals',
        event: { topic: 'signals', topicByClaim: { claim: 'plan', values: { gold: 'signals.gold' } } },
        identity: 'optional',
        quota: { requests: 2, windowMs: 60_000, per: 'claim.org' },
      },
      lamps: {
        match: 'GET /lamps',
        stream: { topics: ['signals'], filter: [{ of: '/org', equals: 'claim.org' }], heartbeatMs: 100 },
        identity: 'required',
      },
    },
  })
  const bearing = async (claims: Record<string, unknown>) => ({
    authorization: `Bearer ${await issuer.token({ claims })}`,
  })
  const gold = await follow(t, broker, 'signals.gold')
  const plain = await follow(t, broker, 'signals')
  const [alice, bob] = [await bearing({ plan: 'gold', org: 1 }), await bearing({ sub: 'bob', org: 1 })]
  equal((await ask('/signals', { body: { org: 1 }, headers: alice })).status, 202)
  equal((await ask('/signals', { body: { org: 1 }, headers: bob })).status, 202)
  await until('each is in its topic', () => gold.length === 1 && plain.length === 1)
  const third = await ask('/signals', { body: {}, headers: bob })
  deepEqual([third.status, third.code], [429, 'rate-limited'])
  equal((await ask('/signals', { body: { org: 2 }, headers: await bearing({ sub: 'eve', org: 2 }) })).status, 202)
  const nothing = await ask('/lamps', { headers: await bearing({}) })
  deepEqual([nothing.status, nothing.code], [403, 'forbidden'])
  match(nothing.text, /claim org is missing/)
})

test('a claim raises or lowers the priority of a call', async t => {
  const issuer = await anIssuer(t)
  const { ask, worker, admin } = await aGateway(t, {
    identity: { providers: { shop: jwtOf(issuer) } },
    workers: { orders: { bulkhead: { limit: 'fixed', slots: 1, queue: 1, maxWaitMs: 5_000 } } },
    routes: {
      'read-order': {
        identity: 'optional',
        timeoutMs: 60_000,
        priorityByClaim: { claim: 'plan', values: { gold: 'critical', free: 'sheddable' } },
      },
    },
  })
  const token = async (plan: string) => ({ authorization: `Bearer ${await issuer.token({ claims: { plan } })}` })
  const running = ask('/orders/1')
  const command = await worker.next()
  const waiting = async (): Promise<number> => (await admin.metrics()).sum('sluice_waiting')
  const free = ask('/orders/2', { headers: await token('free') })
  await until('it waits', async () => (await waiting()) === 1)
  const paid = ask('/orders/3', { headers: await token('gold') })
  equal((await free).code, 'shed')
  await command.reply({ status: 200 })
  await (await worker.next()).reply({ status: 200 })
  deepEqual([(await running).status, (await paid).status], [200, 200])
})
