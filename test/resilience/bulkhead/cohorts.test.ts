import { test } from 'node:test'
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Cohorts, cohortCount, firstOf, secondOf } from '../../../src/resilience/bulkhead/cohorts.ts'
import { frozenClock } from '../../help/clock.ts'
import { heapOf } from '../../help/heap.ts'

const clients = Array.from({ length: 4_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)

test('a client has two different cohorts, always the same ones', () => {
  const cohorts = new Cohorts()
  for (const client of clients) {
    const place = cohorts.placeOf(client)
    equal(cohorts.placeOf(client), place)
    notEqual(firstOf(place), secondOf(place))
    ok(firstOf(place) < cohortCount && secondOf(place) < cohortCount)
  }
})

test('neighbouring addresses are spread evenly, and few share both cohorts with one another', () => {
  const cohorts = new Cohorts()
  const counts = Array.from({ length: cohortCount }, () => 0)
  let shared = 0
  const noisy = cohorts.placeOf('192.168.0.1')
  const its = new Set([firstOf(noisy), secondOf(noisy)])
  for (const client of clients) {
    const place = cohorts.placeOf(client)
    counts[firstOf(place)]!++
    counts[secondOf(place)]!++
    if (its.has(firstOf(place)) && its.has(secondOf(place))) shared++
  }
  const mean = (2 * clients.length) / cohortCount // 125, with a deviation of 11
  ok(Math.min(...counts) > mean / 2 && Math.max(...counts) < mean * 1.6, counts.join())
  ok(shared < 15, `${shared} of ${clients.length} share both with one client`) // 2 are to be expected
})

test('what a client has in flight is the lesser of its cohorts: sharing one with a noisy client costs nothing', () => {
  const cohorts = new Cohorts()
  const noisy = cohorts.placeOf('noisy')
  for (let i = 0; i < 100; i++) cohorts.enter(noisy)
  const meets = (place: number): number =>
    [firstOf(place), secondOf(place)].filter(one => one === firstOf(noisy) || one === secondOf(noisy)).length
  const places = clients.map(client => cohorts.placeOf(client))
  const neighbour = places.find(place => meets(place) === 1)!
  equal(cohorts.load(neighbour), 0)
  equal(cohorts.load(noisy), 100)
})

test('the salt changes only when it is old, and what is in flight is taken off where it was counted', async t => {
  const clock = frozenClock(t)
  const cohorts = new Cohorts()
  const before = clients.slice(0, 50).map(client => cohorts.placeOf(client))
  for (const place of before) cohorts.enter(place)
  const now = (): number[] => clients.slice(0, 50).map(client => cohorts.placeOf(client))
  cohorts.reseed()
  deepEqual(now(), before)
  await clock.advance(10_000)
  cohorts.reseed()
  ok(now().filter((place, i) => place === before[i]).length < 5)
  for (const place of before) cohorts.leave(place)
  for (const place of [...before, ...now()]) equal(cohorts.load(place), 0)
})

test('however calls come and go, nobody counts less than its own', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 300 }), steps => {
      const cohorts = new Cohorts()
      const own = new Map<string, number>()
      for (const [number, comes] of steps) {
        const client = `client-${number}`
        const place = cohorts.placeOf(client)
        const has = own.get(client) ?? 0
        if (comes) cohorts.enter(place)
        else if (has > 0) cohorts.leave(place)
        own.set(client, comes ? has + 1 : Math.max(0, has - 1))
        for (const [client, has] of own) ok(cohorts.load(cohorts.placeOf(client)) >= has)
      }
    }),
  )
})

test('100,000 clients cost not a byte each: nothing is kept of a client', async t => {
  const bytes = await heapOf(() => {
    const cohorts = new Cohorts()
    for (let i = 0; i < 100_000; i++) cohorts.enter(cohorts.placeOf(`2001:db8::${i.toString(16)}`))
    return cohorts
  })
  ok(bytes < 100_000, `${bytes} bytes`) // code that was compiled meanwhile is half of that
  t.diagnostic(`${bytes} bytes`)
})

test('one that has much more inside than another hogs the slots, and chance does not', t => {
  t.mock.method(Math, 'random', () => 0.5) // always the same cohorts
  const cohorts = new Cohorts()
  const enter = (client: string, count = 1): void => {
    for (let i = 0; i < count; i++) cohorts.enter(cohorts.placeOf(client))
  }
  const [quiet, noisy] = [cohorts.placeOf('quiet'), cohorts.placeOf('noisy')]
  equal(cohorts.isHogged(quiet), false)
  for (const client of clients.slice(0, 20)) enter(client)
  deepEqual([cohorts.size, cohorts.clearlyMore, cohorts.isHogged(quiet)], [20, 8, false])
  enter('noisy', 4)
  for (let i = 0; i < 6; i++) cohorts.queue(noisy)
  deepEqual([cohorts.inside(noisy), cohorts.isHogged(quiet), cohorts.isHogged(noisy)], [10, true, false])
  for (let i = 0; i < 6; i++) cohorts.unqueue(noisy)
  deepEqual([cohorts.inside(noisy), cohorts.isHogged(quiet)], [4, false])
})
