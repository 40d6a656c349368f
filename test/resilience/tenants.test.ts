import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import type { Reply } from '../../src/call.ts'
import { Tenants, tenants } from '../../src/resilience/tenants.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { heldService } from '../help/service.ts'
import { heard } from './heard.ts'

const all = (options: object): Tenants =>
  new Tenants(Config.parse({ tenants: { from: 'claim.t', ...options }, routes: {} }).tenants!)
const callOf = (name: string) => aCall({ tenant: { name, prefix: '' } })

test('the quota of a tenant is that of all its clients, and of no other', async t => {
  const clock = frozenClock(t)
  const quota = { requests: 2, windowMs: 1_000 }
  const service = tenants<Reply>(all({ of: { acme: { quota } }, others: { quota } }), 'enforce')(async () => anAnswer)
  const refused = { code: 'rate-limited', policy: 'tenant', violated: ['tenant'], retryAfterMs: 500, limit: 2 }
  for (const name of ['acme', 'small', 'tiny']) {
    for (let i = 0; i < 2; i++) equal(await service(callOf(name)), anAnswer)
    await rejects(service(callOf(name)), refused)
  }
  equal(await service(aCall()), anAnswer, 'a call of no tenant')
  await clock.advance(500)
  equal(await service(callOf('acme')), anAnswer)
})

test('calls that run are counted until they end, however they end', async () => {
  const { service, taken } = heldService()
  const known = all({ of: { acme: { inFlight: 2 } } })
  const limited = tenants<Reply>(known, 'enforce')(service)
  const running = [limited(callOf('acme')), limited(callOf('acme'))]
  await rejects(limited(callOf('acme')), { code: 'bulkhead-full', policy: 'tenant', limit: 2, observed: 3 })
  deepEqual(known.state, { acme: { inFlight: 2 } })
  taken[0]!.reply(anAnswer)
  taken[1]!.fail(new Error('it failed'))
  await Promise.allSettled(running)
  deepEqual(known.state, { acme: { inFlight: 0 } })
})

test('in observe it only counts what it would have refused', async t => {
  const refused = heard(t, 'refused')
  const { service } = heldService()
  const limited = tenants<Reply>(all({ others: { inFlight: 1 } }), 'observe')(service)
  for (let i = 0; i < 2; i++) void limited(callOf('acme'))
  deepEqual(
    refused.map(({ observed, policy }) => [observed, policy]),
    [[true, 'tenant']],
  )
})
