import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { ConcurrencyLimit } from '../../../src/resilience/bulkhead/concurrency.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'
import { slotsOf } from '../options.ts'

const never = (): boolean => false
const answered = (workerMs: number) => {
  const call = aCall()
  call.progress.workerMs = workerMs
  return call
}

test('a fixed limit stays, whatever is seen of the worker', () => {
  const allowed = new ConcurrencyLimit('orders', slotsOf({ slots: 8 }), never)
  equal(allowed.begin(8), null)
  for (let i = 0; i < 20; i++) allowed.learn(answered(5_000), null, false, 8, never)
  deepEqual([allowed.adaptive, allowed.limit, allowed.steady, allowed.judged], [false, 8, 8, 8])
  deepEqual(allowed.times, { sampleMs: null, floorMs: null })
})

test('what a silence keeps is missing until the worker is heard, nobody is left, or somebody else has drawn the conclusion', () => {
  let concluded = false
  const allowed = new ConcurrencyLimit('orders', slotsOf({ slots: 3 }), () => concluded)
  const silence = (): void => allowed.learn(aCall(), null, true, 3, never)
  silence()
  silence()
  deepEqual([allowed.limit, allowed.steady], [1, 3])
  for (let i = 0; i < 5; i++) silence()
  equal(allowed.limit, 0)
  concluded = true
  equal(allowed.limit, 3)
  concluded = false
  allowed.heard()
  equal(allowed.limit, 3)
  silence()
  allowed.left(1)
  equal(allowed.limit, 2)
  allowed.left(0)
  equal(allowed.limit, 3)
})

test('an adaptive limit follows what is seen of the worker, says so, and lets some in on the way down', async t => {
  const clock = frozenClock(t)
  const limits = heard(t, 'limited')
  const allowed = new ConcurrencyLimit('orders', slotsOf({ limit: 'adaptive', slots: 100 }), never)
  const window = async (workerMs: number): Promise<void> => {
    await clock.advance(100)
    const phases = Array.from({ length: 100 }, () => allowed.begin(100))
    for (const phase of phases) allowed.learn(answered(workerMs), phase, false, 100, never)
  }
  await window(10)
  await window(1_000)
  deepEqual([allowed.limit, allowed.judged, allowed.times], [50, 50, { sampleMs: 1_000, floorMs: 10 }])
  deepEqual(
    limits.map(({ worker, limit }) => [worker, limit]),
    [
      ['orders', 100],
      ['orders', 50],
    ],
  )
  await clock.advance(100)
  equal(allowed.begin(99), null)
  const passed = Array.from({ length: 40 }, (_, i) => allowed.left(99 - i) > 99 - i).filter(Boolean).length
  ok(passed > 10 && passed < 30, `${passed} of 40`)
  equal(allowed.begin(60), null)
  allowed.left(50)
  ok(allowed.begin(51) !== null, 'who is one too many later has come another way')
})

test('each way down is measured from where it begins, also when it leads to the same limit as the one before', async t => {
  const clock = frozenClock(t)
  t.mock.method(Math, 'random', () => 1) // no probe meanwhile
  const allowed = new ConcurrencyLimit('orders', slotsOf({ limit: 'adaptive', slots: 100 }), never)
  const window = async (workerMs: number, inFlight: number): Promise<void> => {
    await clock.advance(workerMs + 100)
    const phases = Array.from({ length: 100 }, () => allowed.begin(inFlight))
    for (const phase of phases) allowed.learn(answered(workerMs), phase, false, inFlight, never)
  }
  /** How many of those who leave let somebody in, from so many in flight down to the limit. */
  const passed = (from: number): number => {
    let count = 0
    for (let inFlight = from; inFlight > allowed.limit;) {
      inFlight--
      if (allowed.left(inFlight) <= inFlight) continue
      count++
      inFlight++
    }
    return count
  }
  await window(10, 100)
  await window(1_000, 100)
  equal(allowed.limit, 50)
  const first = passed(100)
  await window(10, 50)
  equal(allowed.limit, 100)
  await window(1_000, 100)
  equal(allowed.limit, 50)
  equal(passed(100), first)
})
