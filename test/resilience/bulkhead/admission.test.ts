import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import type { BulkheadOptions } from '../../../config/schema/index.ts'
import { ConcurrencyLimit } from '../../../src/resilience/bulkhead/concurrency.ts'
import { InFlight } from '../../../src/resilience/bulkhead/inflight.ts'
import { Admission } from '../../../src/resilience/bulkhead/admission.ts'
import type { Newcomer } from '../../../src/resilience/bulkhead/waiter.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { slotsOf } from '../options.ts'

/** A limit that has come down to 40. */
const lowered = { adaptive: true, limit: 40, steady: 40, judged: 40, slowestMs: 0 } as ConcurrencyLimit

function anAdmission(t: TestContext, over: Partial<BulkheadOptions> = {}, concurrency: ConcurrencyLimit | null = null) {
  t.mock.method(Math, 'random', () => 0.5) // always the same cohorts
  const { advance } = frozenClock(t)
  const options = slotsOf({ slots: 40, queue: 100, partitionPercent: 99, ...over })
  const inside = new InFlight('orders', options.partitionPercent)
  inside.partitions.count = 12
  const room = new Admission(options, concurrency ?? new ConcurrencyLimit('orders', options, () => false), inside)
  const of = (client: string, partition: number) => {
    const call = aCall({ client, partition })
    return [call, inside.cohorts.placeOf(client)] as const
  }
  const times = (count: number, move: (i: number) => void): void => {
    for (let i = 0; i < count; i++) move(i)
  }
  const enter = (count: number, client = 'any', partition = 1): void =>
    times(count, () => inside.enter(...of(client, partition)))
  const queue = (count: number, client = 'any', partition = 1): void =>
    times(count, () => inside.queue(...of(client, partition)))
  /** Slots that come free every so many milliseconds, and are taken again. */
  const turn = async (count: number, everyMs: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      room.press()
      await advance(everyMs)
      inside.leave(...of('any', 1))
      room.left()
      enter(1)
      room.served()
    }
  }
  const newcomer = (client: string): Newcomer => {
    const [call, place] = of(client, 1)
    return { call, place, share: 0, patienceMs: 100 }
  }
  return { advance, inside, room, of, newcomer, enter, queue, turn }
}

test('a burst has all places, and who waits for longer only as many as come free in a fifth of his patience', async t => {
  const { room, newcomer, enter, queue, turn } = anAdmission(t)
  enter(40)
  room.press()
  deepEqual(room.capacityFor(newcomer('other')), { inFlight: 40, limit: 40, waiting: 0, places: 100 })
  queue(3)
  await turn(20, 4)
  deepEqual(room.capacityFor(newcomer('other')), { inFlight: 40, limit: 40, waiting: 3, places: 5 })
})

test('a client that is alone has as many places as come free in all of its patience', async t => {
  const { room, newcomer, enter, queue, turn } = anAdmission(t)
  enter(40)
  room.press()
  await turn(20, 4)
  equal(room.capacityFor(newcomer('any')).places, 25)
  queue(1, 'other')
  equal(room.capacityFor(newcomer('any')).places, 5)
})

test('where one client has most of the slots the others have more places', async t => {
  const { inside, room, newcomer, enter, queue, turn } = anAdmission(t)
  for (let i = 0; i < 20; i++) enter(1, `client ${i}`)
  enter(20)
  for (let i = 0; i < 6; i++) queue(1, `other ${i}`)
  await turn(20, 4)
  equal(room.capacityFor(newcomer('any')).places, 5)
  deepEqual([room.isOwed(newcomer('quiet')), room.isOwed(newcomer('any'))], [true, false])
  for (let i = 0; i < 9; i++) queue(1, `more ${i}`)
  deepEqual([inside.waiting, room.isOwed(newcomer('quiet'))], [15, false], 'as many as come free in 60 ms')
})

test('while slots are short a hot partition has three times its share, and before its part of all', async t => {
  const { room, of, enter, turn } = anAdmission(t)
  const [call] = of('any', 3)
  enter(30)
  enter(10, 'any', 3)
  equal(room.refusalOf(call), null)
  await turn(20, 10)
  const problem = room.refusalOf(call)
  match(String(problem?.message), /10 commands for partition 3 .* \(at most 10 /)
})

test('what a silent partition holds counts against a fixed limit', async t => {
  const scene = async (limit: 'fixed' | 'adaptive', t: TestContext): Promise<unknown[]> => {
    const { advance, inside, room, of, enter } = anAdmission(t, { limit, slots: 60, min: 40 })
    enter(60, 'any', 3)
    await advance(1_000)
    inside.answers.heard(1, 0)
    return [room.limit, room.busy, room.silenceOf(of('any', 3)[0])?.code]
  }
  await t.test('fixed', async t => deepEqual(await scene('fixed', t), [60, 60, undefined]))
  await t.test('adaptive', async t =>
    deepEqual(await scene('adaptive', t), [60, 0, 'bulkhead-full'], 'never more than slots'),
  )
})

test('a silent partition gets more while nobody else wants the slots, and there are some', async t => {
  const { advance, inside, room, of, enter } = anAdmission(t, { slots: 400 }, lowered)
  const toTheSilent = (): string => room.silenceOf(of('any', 3)[0])?.message ?? 'goes'
  const heard = async (ms: number): Promise<void> => {
    await advance(ms)
    inside.answers.heard(1, 0)
  }
  enter(100, 'any', 3)
  await heard(1_000)
  equal(toTheSilent(), 'goes', 'more is in flight than the limit, but nobody works on it')
  enter(40, 'any', 1)
  await heard(20)
  match(toTheSilent(), /nothing is heard of it/, 'others have all slots of the limit')
  for (let i = 0; i < 40; i++) inside.leave(...of('any', 1))
  await heard(20)
  equal(toTheSilent(), 'goes')
  enter(120, 'any', 3)
  await heard(20)
  match(toTheSilent(), /nothing is heard of it/, 'half of the rest is kept for the others')
})

test('what one silent partition may have is a share of all slots, however low the limit has come', async t => {
  const { advance, inside, room, of, enter } = anAdmission(t, { slots: 400, partitionPercent: 10 }, lowered)
  enter(39, 'any', 3)
  await advance(1_000)
  inside.answers.heard(1, 0)
  equal(room.refusalOf(of('any', 3)[0]), null)
  enter(1, 'any', 3)
  match(String(room.refusalOf(of('any', 3)[0])?.message), /at most 40 for one partition/)
})
