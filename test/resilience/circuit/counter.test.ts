import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { CircuitState } from '../../../src/events.ts'
import { Counter, bucketsOf } from '../../../src/resilience/circuit/counter.ts'
import type { CounterOptions } from '../../../src/resilience/circuit/counter.ts'
import { frozenClock } from '../../help/clock.ts'

const options: CounterOptions = {
  name: 'orders',
  windowMs: 10_000,
  minCalls: 4,
  failurePercent: 50,
  consecutive: 1_000,
  slowMs: 500,
  slowPercent: 80,
}

/** A counter, and what it has told. */
function aCounter(t: TestContext, over: Partial<CounterOptions> = {}, state: CircuitState = 'closed', openMs = 0) {
  const told: (string | readonly [string, number | undefined, number | undefined])[] = []
  const counter = new Counter(
    { ...options, ...over },
    {
      opening: () => (told.push('opening'), 3_000),
      opened: ({ reason, limit, observed }) => void told.push([reason, limit, observed]),
      halfOpened: () => void told.push('half-open'),
      closed: ({ reason }) => void told.push(reason),
    },
    state,
    openMs,
  )
  t.after(() => counter[Symbol.dispose]())
  return { counter, told }
}
const count = (counter: Counter, verdict: 'success' | 'slow' | 'failure', times: number, held = false): void => {
  for (let i = 0; i < times; i++) counter.count(verdict, 'silence', held, null)
}

test('it opens for the time that it is given when it opens, and half-opens by itself', async t => {
  const clock = frozenClock(t)
  const { counter, told } = aCounter(t)
  count(counter, 'success', 2)
  count(counter, 'failure', 2)
  deepEqual(told, ['opening', ['at least 50 % failed, the last: silence', 50, 50]])
  await clock.advance(2_999)
  equal(told.length, 2)
  await clock.advance(1)
  equal(told[2], 'half-open')
  counter.open({ reason: 'a probe failed' })
  deepEqual(told.slice(3), ['opening', ['a probe failed', undefined, undefined]])
  await clock.advance(3_000)
  counter.close({ reason: 'a probe succeeded' })
  deepEqual(told.slice(5), ['half-open', 'a probe succeeded'])
  await clock.advance(60_000)
  equal(told.length, 7)
})

test('it is told what was exceeded: the share, the row, or the share of slow ones', t => {
  frozenClock(t)
  const inARow = aCounter(t, { consecutive: 3 })
  count(inARow.counter, 'failure', 3)
  deepEqual(inARow.told.at(-1), ['3 in a row failed, the last: silence', 3, 3])
  const slow = aCounter(t)
  count(slow.counter, 'slow', 4)
  deepEqual(slow.told.at(-1), ['at least 80 % took longer than 500 ms', 80, 100])
})

const one = { client: 'one', key: new Uint8Array([1]) }

test('failures in a row of one client with one key open nothing, of another client, another key or without one they do', t => {
  frozenClock(t)
  const others = [{ ...one, client: 'two' }, { ...one, key: new Uint8Array([2]) }, { ...one, key: null }, null]
  for (const other of others) {
    const { counter, told } = aCounter(t, { consecutive: 3, minCalls: 100 })
    for (let i = 0; i < 5; i++) counter.count('failure', 'silence', false, { ...one, key: new Uint8Array([1]) })
    deepEqual(told, [])
    counter.count('failure', 'silence', false, other)
    equal(told.length, 2)
  }
})

test('an error counts in the share, and ends a row of failures, as it is an answer', t => {
  frozenClock(t)
  const { counter, told } = aCounter(t, { consecutive: 3, minCalls: 9 })
  count(counter, 'failure', 2)
  counter.count('error', 'status 500', false, one)
  equal(counter.totals.inARow, 0)
  count(counter, 'failure', 2)
  for (let i = 0; i < 3; i++) counter.count('error', 'status 500', false, one)
  deepEqual(told, [])
  counter.count('error', 'status 500', false, one)
  deepEqual(told.at(-1), ['at least 50 % failed, the last: status 500', 50, 100])
})

test('held, it counts all and opens at nothing; then at the first that exceeds', t => {
  frozenClock(t)
  const { counter, told } = aCounter(t, { consecutive: 3 })
  count(counter, 'failure', 10, true)
  count(counter, 'slow', 10, true)
  deepEqual(told, [])
  deepEqual(counter.totals, { verdicts: 20, failures: 10, slow: 10, inARow: 0 })
  count(counter, 'slow', 1)
  equal(told.length, 2)
})

test('closing empties both windows and the row', t => {
  frozenClock(t)
  const { counter } = aCounter(t, { consecutive: 3 })
  count(counter, 'slow', 3)
  count(counter, 'failure', 3)
  counter.close({ reason: 'x' })
  deepEqual(counter.totals, { verdicts: 0, failures: 0, slow: 0, inARow: 0 })
})

test('a bucket leaves both windows together', t => {
  frozenClock(t)
  const { counter } = aCounter(t)
  count(counter, 'slow', 3)
  for (let i = 0; i < 9; i++) counter.rotate()
  deepEqual(counter.totals, { verdicts: 3, failures: 0, slow: 3, inARow: 0 })
  counter.rotate()
  deepEqual(counter.totals, { verdicts: 0, failures: 0, slow: 0, inARow: 0 })
})

test('born open it half-opens after its time, born half-open it waits for its probes, and tells of neither', async t => {
  const clock = frozenClock(t)
  const open = aCounter(t, {}, 'open', 700)
  const halfOpen = aCounter(t, {}, 'half-open')
  await clock.advance(699)
  deepEqual(open.told, [])
  await clock.advance(1)
  deepEqual(open.told, ['half-open'])
  await clock.advance(60_000)
  deepEqual(halfOpen.told, [])
  halfOpen.counter.close({ reason: 'a probe succeeded' })
  deepEqual(halfOpen.told, ['a probe succeeded'])
})

test('disposed of, it tells nothing more', async t => {
  const clock = frozenClock(t)
  const { counter, told } = aCounter(t, { consecutive: 1 })
  count(counter, 'failure', 1)
  counter[Symbol.dispose]()
  await clock.advance(60_000)
  equal(told.includes('half-open'), false)
})

test('a window has ten buckets of a second at least, where it is long enough', () => {
  deepEqual([100, 3_000, 10_000, 60_000].map(bucketsOf), [2, 3, 10, 10])
})
