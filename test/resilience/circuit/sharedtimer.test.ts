import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { onSharedTimer, sharedTimers } from '../../../src/resilience/circuit/sharedtimer.ts'
import { frozenClock } from '../../help/clock.ts'

test('windows with buckets of one length share a timer, which goes with the last of them', async t => {
  const clock = frozenClock(t)
  const before = sharedTimers()
  const cleared = t.mock.method(globalThis, 'clearInterval')
  let first = 0
  let second = 0
  const one = onSharedTimer(1_000, () => first++)
  const two = onSharedTimer(1_000, () => second++)
  using _other = onSharedTimer(2_000, () => {})
  equal(sharedTimers(), before + 2)
  await clock.advance(1_000)
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  await clock.advance(1_000)
  equal(first, 1)
  equal(second, 2)
  equal(cleared.mock.callCount(), 0)
  two[Symbol.dispose]()
  equal(cleared.mock.callCount(), 1)
  equal(sharedTimers(), before + 1)
  await clock.advance(1_000)
  equal(second, 2)
})
