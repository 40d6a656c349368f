import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Lease } from '../../../src/resilience/quota/lease.ts'
import type { LeaseOptions } from '../../../src/resilience/quota/lease.ts'
import { granted } from '../../../src/resilience/quota/reservoir.ts'
import type { Reservoir } from '../../../src/resilience/quota/reservoir.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'
import { aSharedReservoir } from '../shared.ts'

type Clock = ReturnType<typeof frozenClock>
const thousand: LeaseOptions = { policy: 'lease', name: 'orders', requests: 1_000, windowMs: 1_000 }
const spendAll = (lease: Lease, most: number): number => {
  let count = 0
  while (count < most && lease.spend()) count++
  return count
}
/** Spends `perMs` in each of `ms` milliseconds; what was granted, by millisecond. */
async function saturate(clock: Clock, leases: readonly Lease[], perMs: number, ms: number): Promise<number[]> {
  const granted: number[] = []
  for (let i = 0; i < ms; i++) {
    granted.push(leases.reduce((sum, lease) => sum + spendAll(lease, perMs), 0))
    await clock.advance(1)
  }
  return granted
}
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
/** In memory, and as slow, empty or broken as the test wants. */
function aReservoir(tokens: number) {
  const state = {
    left: tokens,
    asked: [] as number[],
    returned: [] as number[],
    answers: [] as PromiseWithResolvers<void>[],
    held: false,
  }
  const reservoir: Reservoir = {
    lease: async weight => {
      state.asked.push(weight)
      const answer = Promise.withResolvers<void>()
      if (state.held) state.answers.push(answer)
      else answer.resolve()
      await answer.promise
      state.left -= weight
      const lease = granted(weight, state.left)
      state.left = lease.left
      return lease
    },
    giveBack: async tokens => {
      state.left += tokens
      state.returned.push(tokens)
    },
  }
  return { state, reservoir }
}

for (const [requests, windowMs, perMs] of [
  [1_000, 1_000, 3],
  [12_000, 1_000, 40],
  [50, 1_000, 1],
  [500, 100, 20],
  [333, 250, 5],
] as const)
  test(`under saturation a total of ${requests} in ${windowMs} ms is reached and kept`, async t => {
    const clock = frozenClock(t)
    using lease = new Lease({ ...thousand, requests, windowMs })
    const windows = 6
    const granted = await saturate(clock, [lease], perMs, windows * windowMs)
    for (let i = 0; i < windows; i++) {
      const inWindow = sum(granted.slice(i * windowMs, (i + 1) * windowMs))
      ok(inWindow <= Math.ceil(1.05 * requests), `${inWindow} of ${requests} in window ${i}`)
    }
    const share = sum(granted) / windows / requests
    ok(share >= 0.95 && share <= 1, `${share}`)
    t.diagnostic(`${(100 * share).toFixed(1)} % of the total`)
  })

test('a burst is served at once, up to the total', async t => {
  const clock = frozenClock(t)
  using lease = new Lease(thousand)
  equal(spendAll(lease, 5_000), 1_000)
  await clock.advance(50)
  equal(spendAll(lease, 5_000), 0)
  for (let i = 0; i < 1_100; i++) await clock.advance(1)
  equal(spendAll(lease, 5_000), 1_000)
})

test('a call is never waiting: it is served or refused in the same turn, and a total once idle is whole again', async t => {
  const clock = frozenClock(t)
  using lease = new Lease(thousand)
  spendAll(lease, 5_000)
  for (let i = 0; i < 20; i++) await clock.advance(1)
  for (let i = 0; i < 3; i++) await clock.advance(1_000)
  for (let i = 0; i < 20; i++) await clock.advance(1)
  const burst = spendAll(lease, 5_000)
  ok(burst >= 950 && burst <= 1_050, `${burst}`)
})

test('a total nearly spent, then left alone for a window, is whole again for the next burst', async t => {
  const clock = frozenClock(t)
  using lease = new Lease(thousand)
  for (let i = 0; i < 96; i++) {
    equal(spendAll(lease, 10), 10)
    await clock.advance(1)
  }
  for (let i = 0; i < 50; i++) await clock.advance(1) // nothing is under way any more, and a portion is left
  for (let i = 0; i < 3; i++) await clock.advance(1_000)
  equal(spendAll(lease, 500), 500)
})

test('portions are at most 1/20 of the total and fetched ahead of need', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  using lease = new Lease(thousand, reservoir)
  equal(lease.spend(), true)
  await clock.advance(1)
  for (let i = 0; i < 500; i++) {
    equal(lease.spend(), true)
    await clock.advance(0)
  }
  ok(state.asked.every(weight => weight >= 1 && weight <= 50))
  ok(1_000 - state.left - 501 <= 50, 'what lies about')
  ok(state.left < 500)
})

test('what is borrowed while a lease is on its way is repaid by it', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  state.held = true
  using lease = new Lease(thousand, reservoir)
  equal(spendAll(lease, 300), 300)
  state.held = false
  state.answers[0]?.resolve()
  await clock.advance(1)
  ok(1_000 - state.left >= 300 && 1_000 - state.left <= 350, `${state.left}`)
})

test('while the lease is late, the local share is spent, window by window, and not the total', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  state.held = true
  using lease = new Lease({ ...thousand, instances: 4 }, reservoir)
  equal(spendAll(lease, 5_000), 250)
  await clock.advance(251)
  equal(spendAll(lease, 5_000), 0) // borrowed already in this window
  await clock.advance(749)
  equal(spendAll(lease, 5_000), 250)
  await clock.advance(999)
  equal(spendAll(lease, 5_000), 0)
  await clock.advance(1)
  equal(spendAll(lease, 5_000), 250)
  state.held = false
  state.answers[0]!.resolve()
  await clock.advance(1)
  equal(1_000 - state.left, 250 + 12, 'what was spent of the local share is repaid, and a portion lies ready')
  equal(spendAll(lease, 5_000), 12 + Math.floor((1_000 - 250 - 12) / 4)) // and a share of the rest may be borrowed
})

test('when leasing fails it counts, spends the local share, and comes back by itself', async t => {
  const clock = frozenClock(t)
  const local = heard(t, 'localShare')
  const { state, reservoir } = aReservoir(1_000)
  let broken = false
  const flaky: Reservoir = {
    ...reservoir,
    lease: weight => (broken ? Promise.reject(new Error('no Redis')) : reservoir.lease(weight)),
  }
  using lease = new Lease({ ...thousand, instances: 2 }, flaky)
  lease.spend()
  await clock.advance(1_000)
  broken = true
  state.left = 1_000
  state.asked.length = 0
  lease.spend()
  await clock.advance(1)
  equal(spendAll(lease, 5_000), 499)
  await clock.advance(999)
  equal(spendAll(lease, 5_000), 500)
  equal(local.length, 499 + 500)
  deepEqual(local[0], { policy: 'lease', name: 'orders', why: 'redis' })
  equal(state.asked.length, 0)
  broken = false
  await clock.advance(999)
  equal(lease.spend(), false)
  equal(state.asked.length, 0) // the others spend their shares of this window too
  await clock.advance(1)
  lease.spend()
  await clock.advance(1)
  ok(state.asked.length > 0)
  equal(spendAll(lease, 5_000), 499) // others may not have noticed yet
  await clock.advance(2_200)
  state.left = 1_000
  lease.spend()
  await clock.advance(1)
  const granted = spendAll(lease, 5_000) // the portion, and what may be borrowed of the rest
  ok(granted > 500 && granted <= 25 + (1_000 - 1 - 25) / 2, `${granted}`)
})

test('who starts without its Redis spends the local share, asks again soon, and repays of it what this window has seen', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  let broken = true
  const late: Reservoir = {
    ...reservoir,
    lease: weight => (broken ? Promise.reject(new Error('no Redis yet')) : reservoir.lease(weight)),
  }
  using lease = new Lease({ ...thousand, instances: 2 }, late)
  lease.spend()
  await clock.advance(1)
  equal(spendAll(lease, 299), 299)
  broken = false
  await clock.advance(249)
  equal(lease.spend(), true)
  await clock.advance(1)
  equal(1_000 - state.left, 301 + 25, 'what was spent alone, and a portion')
})

test('two that come back to their reservoir one after the other spend no more than the total, and then all of it', async t => {
  const clock = frozenClock(t)
  const shared = aSharedReservoir(thousand)
  let away: readonly string[] = []
  const reached = (name: string): Reservoir => ({
    ...shared,
    lease: tokens => (away.includes(name) ? Promise.reject(new Error('no Redis')) : shared.lease(tokens)),
  })
  using one = new Lease({ ...thousand, instances: 2 }, reached('one'))
  using other = new Lease({ ...thousand, instances: 2 }, reached('other'))
  const windows: number[] = []
  for (let ms = 0; ms < 10_000; ms++) {
    away = ms < 2_500 ? [] : ms < 5_100 ? ['one', 'other'] : ms < 6_200 ? ['other'] : []
    const granted = spendAll(one, 1) + (ms < 9_000 ? spendAll(other, 1) : 0)
    windows[Math.floor(ms / 1_000)] = (windows[Math.floor(ms / 1_000)] ?? 0) + granted
    await clock.advance(1)
  }
  for (const granted of windows) ok(granted >= 950 && granted <= 1_050, `${windows}`)
})

test('who finds a reservoir empty, and does not know since when, asks soon enough to see it refill', async t => {
  const clock = frozenClock(t)
  const reservoir = aSharedReservoir(thousand)
  using one = new Lease({ ...thousand, instances: 2 }, reservoir)
  await saturate(clock, [one], 3, 700)
  using other = new Lease({ ...thousand, instances: 2 }, reservoir)
  other.spend()
  await clock.advance(1)
  let waited = 0
  while (spendAll(other, 100) < 100 && waited < 1_000) {
    await clock.advance(1)
    waited++
  }
  ok(waited >= 290 && waited <= 330, `${waited} ms`)
})

test('two instances keep a total together, whoever gets how much of it', async t => {
  const clock = frozenClock(t)
  for (const [one, other] of [
    [1, 1],
    [2, 1],
    [3, 3],
    [10, 1],
  ] as const) {
    const reservoir = aSharedReservoir(thousand)
    using a = new Lease({ ...thousand, instances: 2 }, reservoir)
    using b = new Lease({ ...thousand, instances: 2 }, reservoir)
    const windows: number[] = []
    for (let ms = 0; ms < 5_000; ms++) {
      const granted = spendAll(a, one) + spendAll(b, other)
      windows[Math.floor(ms / 1_000)] = (windows[Math.floor(ms / 1_000)] ?? 0) + granted
      await clock.advance(1)
    }
    for (const granted of windows) ok(granted >= 950 && granted <= 1_050, `${one} and ${other} per ms: ${windows}`)
  }
})

test('who is served by one of two instances alone gets nearly all of the total', async t => {
  const clock = frozenClock(t)
  const reservoir = aSharedReservoir(thousand)
  using a = new Lease({ ...thousand, instances: 2 }, reservoir)
  using b = new Lease({ ...thousand, instances: 2 }, reservoir)
  b.spend() // and then never again
  const granted = await saturate(clock, [a], 3, 5_000)
  for (let i = 0; i < 5; i++) ok(sum(granted.slice(i * 1_000, (i + 1) * 1_000)) >= 950)
})

test('what is not spent is given back, while the window counts: after a rest, and at the end', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  const lease = new Lease({ ...thousand, windowMs: 60_000, instances: 2 }, reservoir)
  const spend = async (): Promise<void> => {
    lease.spend()
    await clock.advance(1)
  }
  await spend()
  lease.rest()
  deepEqual(state.returned, [])
  lease.rest()
  deepEqual(state.returned, [25])
  equal(state.left, 999)
  await spend()
  lease[Symbol.dispose]()
  equal(state.left, 998)
  lease[Symbol.dispose]()
  equal(state.left, 998)

  const { state: late, reservoir: other } = aReservoir(1_000)
  using idle = new Lease({ ...thousand, instances: 2 }, other)
  idle.spend()
  await clock.advance(1_000)
  idle.rest()
  idle.rest()
  deepEqual(late.returned, [])
})

test('when leasing fails in the middle of a window, what the others have left of it is not spent twice', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  let broken = false
  const flaky: Reservoir = {
    ...reservoir,
    lease: weight => (broken ? Promise.reject(new Error('no Redis')) : reservoir.lease(weight)),
  }
  using lease = new Lease({ ...thousand, instances: 2 }, flaky)
  lease.spend()
  await clock.advance(1)
  state.left = 100 // others took the rest
  spendAll(lease, 20)
  await clock.advance(1)
  broken = true
  spendAll(lease, 30)
  await clock.advance(1)
  const rest = spendAll(lease, 5_000)
  ok(21 + 30 + rest <= 26 + 25 + 50, `${rest}`) // two portions, and half of what was seen
  await clock.advance(1_000)
  equal(spendAll(lease, 5_000), 500)
})

test('of a reservoir that has forgotten, what was spent in this window is taken once more', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  let anew = false
  const restarted: Reservoir = {
    ...reservoir,
    lease: async weight => {
      if (anew) state.left = 1_000
      const lease = { ...(await reservoir.lease(weight)), anew }
      anew = false
      return lease
    },
  }
  using lease = new Lease({ ...thousand, windowMs: 60_000, instances: 2 }, restarted)
  for (let i = 0; i < 300; i++) {
    equal(lease.spend(), true)
    await clock.advance(1)
  }
  anew = true
  for (let i = 0; i < 30; i++) {
    lease.spend()
    await clock.advance(1)
  }
  const spent = 330
  ok(1_000 - state.left >= spent && 1_000 - state.left <= spent + 50, `${state.left}`)
})

test('a dear call takes what it costs, at most the whole total, and is refused where that is not left', async t => {
  const clock = frozenClock(t)
  const { state, reservoir } = aReservoir(1_000)
  using lease = new Lease(thousand, reservoir)
  equal(lease.spend(700), true)
  await clock.advance(1)
  equal(lease.remaining, 300)
  equal(lease.spend(400), false)
  equal(lease.spend(300), true)
  await clock.advance(1)
  equal(lease.remaining, 0)
  state.left = 1_000
  await clock.advance(1_000)
  equal(lease.spend(5_000), true)
  equal(lease.spend(1), false)
})
