import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { byStatus, failuresOf, hasBody, mayBecomeOperation } from '../../../src/routes/openapi/failures.ts'
import { Config } from '../../../config/schema/index.ts'
import { everything } from '../../help/everything.ts'

const { routes, workers } = everything
const route = (name: string) => routes[name] as (typeof routes)[string]

test('codes are told by status, in order', () => {
  deepEqual(
    [...byStatus(['shed', 'invalid-request', 'bulkhead-full'])],
    [
      [400, ['invalid-request']],
      [503, ['bulkhead-full', 'shed']],
    ],
  )
})

test('what nobody answers cannot time out, and what is only told cannot fail to be published', () => {
  ok(!failuresOf(route('signal'), { workers, tenants: undefined }).includes('reply-timeout'))
  ok(failuresOf(route('signal'), { workers, tenants: undefined }).includes('publish-timeout'))
  ok(!failuresOf(route('lamps'), { workers, tenants: undefined }).includes('publish-timeout'))
  ok(failuresOf(route('stock'), { workers, tenants: undefined }).includes('upstream-failed'))
})

test('which requests bring a body, and which may become operations', () => {
  deepEqual(
    Object.keys(routes).filter(name => hasBody(route(name))),
    ['place-order', 'pay-order', 'book-trip', 'report', 'quote', 'signal', 'events'],
  )
  deepEqual(
    Object.keys(routes).filter(name => mayBecomeOperation(route(name))),
    ['place-order', 'book-trip', 'report'],
  )
})

test('a route of tenants may refuse whoever is of none, or has too much', () => {
  const tenants = Config.parse({ tenants: { from: 'claim.t' }, routes: {} }).tenants
  const codes = failuresOf(route('signal'), { workers, tenants })
  ok(codes.includes('forbidden') && codes.includes('rate-limited') && codes.includes('bulkhead-full'))
})
