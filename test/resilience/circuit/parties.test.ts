import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { isShared, Parties } from '../../../src/resilience/circuit/parties.ts'

const counted = (parties: Parties, tenant: string, calls: number, hits: number): void => {
  for (let i = 0; i < calls; i++) parties.add(tenant, i < hits)
}

test('a share is shared when it is still there without the tenant that has most of it', () => {
  const parties = new Parties(2)
  counted(parties, 'acme', 100, 100)
  counted(parties, 'globex', 20, 9)
  equal(isShared({ calls: 120, hits: 109 }, 20, 50, parties), false)
  equal(isShared({ calls: 120, hits: 109 }, 20, 50, null), true, 'nobody shares it')
  parties.add('globex', true)
  equal(isShared({ calls: 121, hits: 110 }, 20, 50, parties), false)
  parties.add('initech', true)
  equal(isShared({ calls: 122, hits: 111 }, 20, 50, parties), true)
})

test('what has left the window counts no more', () => {
  const parties = new Parties(2)
  counted(parties, 'acme', 5, 5)
  parties.rotate()
  counted(parties, 'globex', 3, 3)
  deepEqual(parties.without({ calls: 8, hits: 8 }), { calls: 3, hits: 3 })
  parties.rotate()
  deepEqual(parties.without({ calls: 3, hits: 3 }), { calls: 0, hits: 0 })
  parties.rotate()
  deepEqual(parties.without({ calls: 0, hits: 0 }), { calls: 0, hits: 0 })
})

test('of tenants beyond a thousand the rest is one', () => {
  const parties = new Parties(2)
  for (let i = 0; i < 1_000; i++) parties.add(`tenant-${i}`, false)
  for (let i = 0; i < 7; i++) parties.add(`late-${i}`, true)
  deepEqual(parties.without({ calls: 1_007, hits: 7 }), { calls: 1_000, hits: 0 })
})
