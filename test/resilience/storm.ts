import type { TestContext } from 'node:test'
import type { BulkheadOptions } from '../../config/schema/index.ts'
import type { Priority, Reply } from '../../src/call.ts'
import { after, later, now, since } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'
import { Bulkhead, bulkhead } from '../../src/resilience/bulkhead/bulkhead.ts'
import { seeded } from '../../src/lab/random.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { slotsOf } from './options.ts'

/** What became of what was asked in this part of the course: how long it took, in ms, and the limit at each tenth of a second. */
export type Part = Readonly<{ served: number[]; refused: number[]; limits: number[]; by: Record<string, Counts> }>
/** Of one class or client. */
type Counts = { asked: number; served: number }
/** `of`: who asks, and how much it matters; by default one of a hundred clients. */
type Course = readonly Readonly<{
  perSecond: number
  forMs: number
  dead?: number
  hotPercent?: number
  of?: (random: () => number) => Readonly<{ client: string; priority: Priority }>
}>[]
export type Worker = Readonly<{ members: number; places: number; serviceMs: number; overheadMs: number }>

const partitions = 12
const anybody = (random: () => number) => ({ client: `${Math.floor(random() * 100)}`, priority: 'normal' as const })
const timeoutMs = 2_000

/**
 * Plays a load on a bulkhead before a worker of so many members, each with its own partitions and its own queue, under the frozen
 * clock. Of a member that is `dead` nothing is heard; `hotPercent` of the calls are for one partition.
 */
export async function storm(
  t: TestContext,
  worker: Worker,
  course: Course,
  over: Partial<BulkheadOptions> = {},
  seed = 1,
) {
  const clock = frozenClock(t)
  await clock.advance(16_000 - (now() % 16_000)) // alarms ring by the turn of a wheel: the same course is always the same
  const random = seeded(seed)
  t.mock.method(Math, 'random', random)
  const slots = new Bulkhead('orders', slotsOf({ limit: 'adaptive', slots: 512, queue: 128, ...over }))
  slots.partitions = partitions
  let dead: number | undefined
  const free = Array.from({ length: worker.members }, () => Array.from({ length: worker.places }, () => 0))
  // whoever knows the partitions blames the dead ones, and not the worker
  const blamed = (_: unknown, partition?: number): boolean =>
    partition !== undefined && partition % worker.members === dead
  const guarded = bulkhead<Reply>(
    slots,
    blamed,
  )(call => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const member = call.partition % worker.members
    if (member === dead) {
      after(timeoutMs, () => reject(new Problem('reply-timeout', 'dead')))
      return promise
    }
    const places = free[member]!
    const place = places.indexOf(Math.min(...places))
    const begun = now()
    places[place] = Math.max(begun, places[place]!) + worker.serviceMs
    after((places[place] ?? 0) + worker.overheadMs - begun, () => {
      call.progress.workerMs = since(begun)
      resolve(anAnswer)
    })
    return promise
  })
  const parts: Part[] = []
  for (const { perSecond, forMs, hotPercent = 0, of = anybody, ...rest } of course) {
    dead = rest.dead
    const part: Part = { served: [], refused: [], limits: [], by: {} }
    parts.push(part)
    let due = 0
    for (let ms = 0; ms < forMs; ms++) {
      for (due -= 1; due < 0; due += (-Math.log(1 - random()) * 1_000) / perSecond) {
        const begun = now()
        const partition = random() * 100 < hotPercent ? 0 : Math.floor(random() * partitions)
        const { client, priority } = of(random)
        const counts = [client, priority].map(name => (part.by[name] ??= { asked: 0, served: 0 }))
        for (const count of counts) count.asked++
        guarded(aCall({ deadline: later(timeoutMs), client, priority, partition })).then(
          () => {
            part.served.push(since(begun))
            for (const count of counts) count.served++
          },
          () => part.refused.push(since(begun)),
        )
      }
      if (ms % 100 === 0) part.limits.push(slots.limit)
      await clock.advance(1)
    }
  }
  for (let ms = 0; ms < timeoutMs + 100; ms++) await clock.advance(1) // those who are still inside
  return parts
}
