import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { QuotaPolicy } from '../../../src/call.ts'
import { alarms } from '../../../src/clock.ts'
import { Lease } from '../../../src/resilience/quota/lease.ts'
import type { Reservoir } from '../../../src/resilience/quota/reservoir.ts'
import { SharedClients } from '../../../src/resilience/quota/clients.ts'
import type { Lessor } from '../../../src/resilience/quota/clients.ts'
import { frozenClock } from '../../help/clock.ts'
import { heapOf } from '../../help/heap.ts'
import { heard } from '../heard.ts'
import { aSharedReservoir } from '../shared.ts'

const hundred: QuotaPolicy = { name: 'default', unit: 'requests', limit: 100, windowMs: 1_000 }
const kilobyte: QuotaPolicy = { name: 'bytes', unit: 'content-bytes', limit: 1_000, windowMs: 1_000 }

/** A Redis for all instances of a test, which tells for whom they lease. */
class Far {
  readonly leases = new Map<string, Lease[]>()
  readonly #reservoirs = new Map<string, Reservoir>()

  instance(policies: readonly QuotaPolicy[], most = 10, instances = 2): SharedClients {
    let clients = 0
    const lessor: Lessor = {
      instances,
      client: (options, client) => {
        if (clients === most) return null
        clients++
        const reservoir = this.#reservoirs.get(client) ?? aSharedReservoir(options)
        this.#reservoirs.set(client, reservoir)
        const lease = new Lease({ ...options, instances }, reservoir)
        this.leases.set(client, [...(this.leases.get(client) ?? []), lease])
        return lease
      },
    }
    return new SharedClients(policies, 'place-order', lessor)
  }
}
const take = (shares: SharedClients, client: string, bytes = 0): boolean =>
  shares.take(shares.of(client), bytes) === null
const takeAll = (shares: SharedClients, client: string, most: number): number => {
  let count = 0
  for (let i = 0; i < most; i++) if (take(shares, client)) count++
  return count
}
/** Each millisecond so many calls at each instance; how many were let through, window by window. */
async function load(
  t: TestContext,
  instances: readonly (readonly [SharedClients, number])[],
  { windows = 5, uptimeMs }: Readonly<{ windows?: number; uptimeMs?: number }> = {},
): Promise<number[]> {
  const clock = frozenClock(t, uptimeMs)
  const granted = Array.from({ length: windows }, () => 0)
  for (let ms = 0; ms < windows * 1_000; ms++) {
    for (const [shares, perMs] of instances)
      if (perMs >= 1 || ms % Math.round(1 / perMs) === 0)
        granted[Math.floor(ms / 1_000)]! += takeAll(shares, 'client', Math.ceil(perMs))
    await clock.advance(1)
  }
  return granted
}

test('a client that spends less than a twentieth of its quota is only counted here', async t => {
  const clock = frozenClock(t)
  const far = new Far()
  const shares = far.instance([hundred])
  for (let window = 0; window < 3; window++) {
    for (let i = 0; i < 4; i++) equal(take(shares, 'small'), true)
    await clock.advance(1_000)
  }
  equal(far.leases.size, 0)
  for (let i = 0; i < 5; i++) equal(take(shares, 'large'), true)
  deepEqual([...far.leases.keys()], ['default:large'])
})

for (const [one, other] of [
  [1, 1],
  [1, 0.05],
  [0.2, 0.02],
] as const)
  test(`a client of two instances is kept within 5 % of its quota, with ${one} and ${other} calls per ms`, async t => {
    const far = new Far()
    const granted = await load(t, [
      [far.instance([hundred]), one],
      [far.instance([hundred]), other],
    ])
    for (const count of granted) ok(count >= 95 && count <= 105, `${granted}`)
  })

test('windows begin with a call of the client in the first moments of a process, too', async t => {
  for (const uptimeMs of [230, 510, 930]) {
    const far = new Far()
    const both = [far.instance([hundred]), far.instance([hundred])] as const
    deepEqual(
      await load(
        t,
        [
          [both[0], 1],
          [both[1], 0.05],
        ],
        { uptimeMs },
      ),
      [100, 100, 100, 100, 100],
    )
    t.mock.reset()
  }
})

test('a client of one of two instances gets at least 95 % of its quota', async t => {
  const far = new Far()
  const [one, other] = [far.instance([hundred]), far.instance([hundred])]
  take(other, 'client')
  for (const count of await load(t, [[one, 1]])) ok(count >= 95 && count <= 100, `${count}`)
})

test('a call that one window refuses is taken from none, and told when that window begins anew', async t => {
  const clock = frozenClock(t)
  const shares = new Far().instance([hundred, kilobyte])
  const at = async (bytes: number) => {
    const lack = shares.take(shares.of('client'), bytes)
    await clock.advance(0)
    return lack
  }
  for (let i = 0; i < 50; i++) equal(await at(20), null) // beyond what is only counted: leased
  await clock.advance(400)
  const lack = await at(10)
  deepEqual(lack?.policies, [kilobyte])
  deepEqual([lack?.observed, lack?.waitMs], [1_010, 600])
  deepEqual(
    shares.states(shares.of('client')).map(({ remaining, resetMs }) => [remaining, resetMs]),
    [
      [50, 600],
      [0, 600],
    ],
  )
  equal(await at(0), null, 'without a body')
  await clock.advance(600)
  equal(await at(10), null)
})

test('a call that wants more than may be borrowed comes again soon, when the lease is there', async t => {
  const clock = frozenClock(t)
  const shares = new Far().instance([kilobyte])
  const all = shares.take(shares.of('client'), 1_000)
  equal(all?.waitMs, 250)
  await clock.advance(1)
  equal(shares.take(shares.of('client'), 5_000), null, 'as dear as a window at most')
  equal(shares.take(shares.of('client'), 1_000)?.waitMs, 999)
})

test('beyond the clients that can be leased for, each gets the share of this instance, and it is counted', async t => {
  const clock = frozenClock(t)
  const local = heard(t, 'localShare')
  const shares = new Far().instance([hundred], 2)
  for (let i = 0; i < 4; i++) {
    let count = 0
    for (let ms = 0; ms < 200; ms++) {
      count += takeAll(shares, `client ${i}`, 1)
      await clock.advance(1)
    }
    equal(count, i < 2 ? 100 : 50)
  }
  equal(local.length, 2 * 46)
  deepEqual(local[0], { policy: 'quota', name: 'place-order', why: 'crowded' })
})

test('a client whose lease was given up is counted from nothing', async t => {
  const clock = frozenClock(t)
  const far = new Far()
  const shares = far.instance([hundred])
  takeAll(shares, 'client', 6)
  await clock.advance(1)
  far.leases.get('default:client')![0]![Symbol.dispose]()
  for (let i = 0; i < 4; i++) equal(take(shares, 'client'), true)
  equal(far.leases.get('default:client')!.length, 1)
  equal(take(shares, 'client'), true)
  equal(far.leases.get('default:client')!.length, 2)
})

test('whatever two instances do with the calls of clients, no window lets through much more than the quota', async t => {
  const clock = frozenClock(t)
  const step = fc.record({
    client: fc.constantFrom('a', 'b'),
    instance: fc.constantFrom(0, 1),
    calls: fc.integer({ min: 1, max: 8 }),
    waitMs: fc.constantFrom(0, 1, 5, 40),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 300, size: 'max' }), async steps => {
      const far = new Far()
      const instances = [far.instance([hundred]), far.instance([hundred])]
      const granted = { a: [0], b: [0] }
      let ms = 0
      for (const { client, instance, calls, waitMs } of steps) {
        const counts = granted[client]
        const window = Math.floor(ms / 1_000)
        counts[window] = (counts[window] ?? 0) + takeAll(instances[instance]!, client, calls)
        await clock.advance(waitMs)
        ms += waitMs
      }
      // windows begin with a client's call, and not with ours: the ends of two may lie in one of ours
      for (const counts of Object.values(granted))
        ok(counts.reduce((sum, count) => sum + (count ?? 0), 0) <= 105 * (Math.ceil(ms / 1_000) + 1), `${counts}`)
    }),
    { numRuns: 20 },
  )
  equal(alarms(), 0)
})

test('10,000 clients, a thousand of them large, cost less than 20 MB and no timer', async t => {
  const far = new Far()
  const shares = far.instance([hundred, { ...hundred, name: '60s', limit: 1_000, windowMs: 60_000 }], 1_000)
  const bytes = await heapOf(() => {
    for (let i = 0; i < 10_000; i++) for (let j = 0; j < 10; j++) take(shares, `2001:db8::${i.toString(16)}`)
    return [shares, far]
  })
  equal(shares.size, 10_000)
  equal(far.leases.size, 1_000)
  equal(alarms(), 0)
  ok(bytes < 20_000_000, `${bytes} bytes`)
  t.diagnostic(
    `${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / 10_000)} bytes a client, without what Redis wants for a large one`,
  )
})
