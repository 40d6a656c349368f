import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { claimsOf } from '../../src/routes/claims.ts'
import { identityOf } from '../../src/routes/identity/claims.ts'
import { configOf } from './front.ts'

const routeOf = (route: object) => configOf({ a: { match: 'POST /a', event: { topic: 'a' }, ...route } }).routes['a']!
const of = (claims: object) => identityOf('a', 'b', '', { ...claims })

test('a route that asks no claims has nothing to do with them', () => {
  equal(claimsOf(routeOf({})), null)
})

test('values that are listed say something, all others and nobody say nothing', () => {
  const said = claimsOf(
    routeOf({
      event: { topic: 'a', topicByClaim: { claim: 'plan', values: { gold: 'b' } } },
      priorityByClaim: { claim: 'level', values: { 1: 'critical' } },
      quota: { requests: 1, per: 'claim.org' },
    }),
  )!
  const nothing = { topic: undefined, priority: undefined, account: undefined, compared: [] }
  deepEqual(said(of({ plan: 'gold', level: 1, org: true })), {
    topic: 'b',
    priority: 'critical',
    account: 'org true',
    compared: [],
  })
  for (const claims of [
    { plan: 'constructor', level: '2' },
    { plan: ['gold'], org: {} },
  ])
    deepEqual(said(of(claims)), nothing)
  deepEqual(said(null), nothing)
})
