import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Shares } from '../../../src/resilience/bulkhead/shares.ts'

const shares = (): Shares => new Shares(new Map([['a', 30], ['b', 0], ['c', 5]])) // prettier-ignore

test('routes without a share have one together, the others have one each', () => {
  const some = shares()
  equal(some.count, 3)
  deepEqual(
    ['a', 'b', 'c', 'elsewhere'].map(route => some.shareOf({ route })),
    [1, 0, 2, 0],
  )
  equal(new Shares(new Map()).shareOf({ route: 'a' }), 0)
})

test('a share is that part of the slots, and at least one', () => {
  const some = shares()
  deepEqual(
    [some.guaranteed(1, 100), some.guaranteed(1, 8), some.guaranteed(2, 8), some.guaranteed(0, 100)],
    [30, 2, 1, 0],
  )
})

test('a route is owed slots while it has less than its share; the rest is owed nothing', () => {
  const some = shares()
  equal(some.owed(0, 100), false)
  for (let i = 0; i < 30; i++) {
    equal(some.owed(1, 100), true)
    some.enter(1)
  }
  equal(some.owed(1, 100), false)
  some.leave(1)
  equal(some.owed(1, 100), true)
  deepEqual(some.state(100), { a: { guaranteed: 30, inFlight: 29 }, c: { guaranteed: 5, inFlight: 0 } })
})

test('a call of a tenant has the share of its tenant, whatever its route', () => {
  const some = new Shares(new Map([['a', 0], ['tenant acme', 20]])) // prettier-ignore
  equal(some.shareOf({ route: 'a', tenant: { name: 'acme', prefix: '' } }), 1)
  equal(some.shareOf({ route: 'a', tenant: { name: 'other', prefix: '' } }), 0)
  equal(some.shareOf({ route: 'a' }), 0)
})
