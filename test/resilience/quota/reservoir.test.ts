import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { granted, reservoirHere } from '../../../src/resilience/quota/reservoir.ts'
import { frozenClock } from '../../help/clock.ts'

/** Resolves with what `promise` does, though every timer is frozen. */
async function settled<T>(clock: ReturnType<typeof frozenClock>, promise: Promise<T>): Promise<T> {
  await clock.advance(1)
  return await promise
}

test('takes what is there and no more, and is whole again at the refill', async t => {
  const clock = frozenClock(t)
  const reservoir = reservoirHere({ name: 'orders', requests: 100, windowMs: 1_000 })
  deepEqual(await settled(clock, reservoir.lease(70)), { granted: 70, left: 30 })
  deepEqual(await settled(clock, reservoir.lease(70)), { granted: 30, left: 0 })
  deepEqual(await settled(clock, reservoir.lease(0)), { granted: 0, left: 0 })
  await clock.advance(1_000)
  deepEqual(await settled(clock, reservoir.lease(1)), { granted: 1, left: 99 })
})

test('what is given back can be taken again', async t => {
  const clock = frozenClock(t)
  const reservoir = reservoirHere({ name: 'orders', requests: 100, windowMs: 1_000 })
  await settled(clock, reservoir.lease(100))
  await settled(clock, reservoir.giveBack(40))
  deepEqual(await settled(clock, reservoir.lease(50)), { granted: 40, left: 0 })
})

test('what is overdrawn was not granted', () => {
  deepEqual(granted(10, 5), { granted: 10, left: 5 })
  deepEqual(granted(10, -4), { granted: 6, left: 0 })
  deepEqual(granted(10, -40), { granted: 0, left: 0 })
  deepEqual(granted(0, -40), { granted: 0, left: 0 })
})

test('wakes nobody between two leases, however often it has refilled', async t => {
  const clock = frozenClock(t)
  const intervals = t.mock.method(globalThis, 'setInterval')
  const reservoir = reservoirHere({ name: 'orders', requests: 100, windowMs: 1_000 })
  for (let window = 0; window < 3; window++) {
    deepEqual(await settled(clock, reservoir.lease(40)), { granted: 40, left: 60 })
    await clock.advance(1_000)
  }
  equal(intervals.mock.callCount(), 0)
})
