import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { Config } from '../../../config/schema/index.ts'
import { priorities } from '../../../src/call.ts'
import type { Entrance, Priority } from '../../../src/call.ts'
import { Overload, readingsOf } from '../../../src/resilience/overload/overload.ts'
import type { Readings } from '../../../src/resilience/overload/overload.ts'
import { paced } from '../../../src/turn.ts'
import { busyFor } from '../../help/busy.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'

const mebi = 1_048_576
const calm: Readings = { delayMs: 0, heapPercent: 0, connectionsPercent: 0 }
const defaults = Config.parse({ routes: {} }).overload

function anOverload(t: TestContext, over: Partial<typeof defaults> = {}, random: () => number = () => 0.5) {
  const clock = frozenClock(t)
  let readings = calm
  const overload = new Overload({ ...defaults, ...over }, () => readings, random)
  t.after(() => overload[Symbol.dispose]())
  const of = (priority: Priority): Entrance => overload.entrance({ route: 'r', worker: 'w', priority })
  return {
    overload,
    entrances: Object.fromEntries(priorities.map(priority => [priority, of(priority)])) as Record<Priority, Entrance>,
    refused: () => priorities.filter(priority => of(priority).refusal(0) !== null),
    look: async (over: Partial<Readings>, times = 40): Promise<void> => {
      readings = { ...calm, ...over }
      for (let i = 0; i < times; i++) await clock.advance(200)
    },
  }
}

test('a process at ease lets everybody in', async t => {
  const { refused, look } = anOverload(t, {}, () => 0)
  deepEqual(refused(), [])
  await look({ delayMs: 50, heapPercent: 75, connectionsPercent: 80 })
  deepEqual(refused(), [])
})

for (const [what, first, second] of [
  ['a late event loop', { delayMs: 100 }, { delayMs: 250 }],
  ['a full heap', { heapPercent: 80 }, { heapPercent: 85 }],
  ['many connections', { connectionsPercent: 85 }, { connectionsPercent: 90 }],
] as const)
  test(`${what} refuses the sheddable first, then all but critical calls and probes`, async t => {
    const { refused, look } = anOverload(t, {}, () => 0.999)
    await look(first)
    deepEqual(refused(), ['sheddable'])
    await look(second)
    deepEqual(refused(), ['sheddable', 'normal'])
  })

test('between the marks a growing share is refused', async t => {
  let at = 0
  const { entrances, look } = anOverload(t, {}, () => (at++ % 100) / 100)
  const share = (priority: Priority): number => {
    let count = 0
    for (let i = 0; i < 1_000; i++) if (entrances[priority].refusal(0) !== null) count++
    return count / 1_000
  }
  await look({ delayMs: 75 })
  deepEqual([share('sheddable'), share('normal')], [0.5, 0])
  await look({ delayMs: 200 })
  deepEqual([share('sheddable'), share('normal')], [1, 0])
  await look({ delayMs: 225 })
  deepEqual([share('sheddable'), share('normal')], [1, 0.5])
  await look({ delayMs: 0 })
  deepEqual([share('sheddable'), share('normal')], [0, 0])
})

test('one long garbage collection refuses nobody', async t => {
  const { refused, look } = anOverload(t, {}, () => 0)
  await look({ delayMs: 900 }, 1)
  deepEqual(refused(), [])
  await look({}, 3)
  deepEqual(refused(), [])
  await look({ delayMs: 900 }, 2)
  ok(refused().length > 0)
})

test('the refusal says what is short, how short, and when to come back', async t => {
  const { entrances, look } = anOverload(t, {}, () => 0)
  const told = heard(t, 'refused')
  const refusal = (priority: Priority) => entrances[priority].refusal(0)
  await look({ delayMs: 300 })
  const problem = refusal('normal')!
  deepEqual(
    [problem.code, problem.policy, problem.limit, problem.observed, problem.outcome],
    ['overloaded', 'overload', 250, 300, 'not-sent'],
  )
  equal(problem.message, 'The process is 300 ms late; from 250 ms on no normal call is served.')
  ok(problem.retryAfterMs! >= 1_000 && problem.retryAfterMs! <= 2_000)
  equal(refusal('sheddable')!.limit, 100)
  deepEqual(told[0], { policy: 'overload', route: 'r', worker: 'w', problem, observed: false })
  await look({ heapPercent: 91.4 })
  equal(refusal('normal')!.message, '91 % of the heap is in use; from 85 % on no normal call is served.')
  await look({ connectionsPercent: 95 })
  match(refusal('sheddable')!.message, /^95 % of the connections are open; from 85 % on/)
})

test('only where connections are short does a refusal close its own', async t => {
  const { entrances, look } = anOverload(t)
  await look({ delayMs: 300 })
  equal(entrances.normal.crowded(), false)
  await look({})
  await look({ connectionsPercent: 95 })
  equal(entrances.normal.crowded(), true)
})

test('bodies fill what there is, the last of it for those that matter', async t => {
  const { entrances } = anOverload(t, { bytes: 10 * mebi })
  const fits = (bytes: number): Priority[] => priorities.filter(one => entrances[one].refusal(bytes) === null)
  equal(entrances.normal.take(7 * mebi, 0), null)
  deepEqual(fits(mebi), ['sheddable', 'normal', 'critical', 'health'])
  deepEqual(fits(2 * mebi), ['normal', 'critical', 'health'])
  deepEqual(fits(3 * mebi), ['critical', 'health'])
  deepEqual(fits(4 * mebi), ['health'])
  const problem = entrances.normal.refusal(3 * mebi)!
  deepEqual([problem.limit, problem.observed], [9 * mebi, 10 * mebi])
  equal(problem.message, `The bodies of all requests may have ${9 * mebi} bytes together.`)
  deepEqual(fits(0), ['sheddable', 'normal', 'critical', 'health'], 'without a body there is nothing to hold')
  entrances.normal.release(7 * mebi)
  deepEqual(fits(8 * mebi), ['sheddable', 'normal', 'critical', 'health'])
})

test('a body that says nothing of its length is stopped when all is full, and one that is alone never', async t => {
  const { entrances } = anOverload(t, { bytes: mebi })
  equal(entrances.normal.take(2 * mebi, 0), null)
  equal(entrances.normal.take(mebi, 2 * mebi), null)
  const problem = entrances.critical.take(1, 0)!
  deepEqual([problem.code, problem.limit, problem.observed], ['overloaded', mebi, 3 * mebi + 1])
  equal(entrances.health.take(1, 0), null)
  entrances.normal.release(3 * mebi)
  entrances.normal.release(2)
  equal(entrances.critical.take(mebi, 0), null)
})

test('observed, it counts what it would refuse and lets in', async t => {
  const { entrances, look } = anOverload(t, { mode: 'observe', bytes: mebi }, () => 0)
  const told = heard(t, 'refused')
  await look({ connectionsPercent: 99 })
  equal(entrances.normal.refusal(0), null)
  equal(entrances.normal.crowded(), false)
  equal(entrances.critical.take(mebi, 0), null)
  equal(entrances.critical.refusal(mebi), null)
  equal(entrances.critical.take(mebi, 0), null)
  deepEqual(
    told.map(({ observed }) => observed),
    [true, true, true],
  )
})

test('the beginning and the end are told once each, and the pressure at every look', async t => {
  const { overload, look } = anOverload(t)
  const told = heard(t, 'overload')
  const pressures = heard(t, 'pressure')
  await look({ delayMs: 500 }, 10)
  await look({}, 20)
  deepEqual(
    told.map(({ shedding }) => shedding),
    [true, false],
  )
  match(told[0]!.detail, /^The process is 500 ms late/)
  equal(pressures.length, 30)
  deepEqual(pressures[0], { delay: 2, heap: 0, connections: 0, bytes: 0 })
  deepEqual(overload.state, { delay: 0, heap: 0, connections: 0, bytes: 0, refused: { sheddable: 0, normal: 0 } })
})

test('whatever comes and goes, what is held is the sum of it', t => {
  const { entrances, overload } = anOverload(t, { bytes: mebi })
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 1, max: mebi }), { maxLength: 5 }), { maxLength: 20 }), bodies => {
      let all = 0
      for (const chunks of bodies) {
        let held = 0
        for (const bytes of chunks) {
          const others = all
          const refused = entrances.normal.take(bytes, held) !== null
          held += bytes
          equal(refused, others > 0 && others + held > mebi)
        }
        all += held
        equal((overload.state as { bytes: number }).bytes, all)
      }
      entrances.normal.release(all)
      equal((overload.state as { bytes: number }).bytes, 0)
    }),
  )
})

test('a request that waits for its turn is late, too', async () => {
  using readings = readingsOf(() => 0, 100)
  paced(() => {}, false)
  busyFor(30)
  ok(readings.read().delayMs >= 30)
  await setImmediate()
})

test('a process that is late because others have the processors is not overloaded by what it is asked', async () => {
  let share = 0.04
  using readings = readingsOf(
    () => 0,
    100,
    () => share,
  )
  paced(() => {}, false)
  busyFor(30)
  equal(readings.read().delayMs, 0)
  share = 0.05
  ok(readings.read().delayMs >= 30)
  await setImmediate()
})

test('reads its own process', () => {
  using readings = readingsOf(() => 25, 100)
  const { delayMs, heapPercent, connectionsPercent } = readings.read()
  ok(delayMs >= 0 && heapPercent > 0 && heapPercent < 100)
  equal(connectionsPercent, 25)
})
