import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Plan } from '../../../src/resilience/strangler/plan.ts'
import type { PlanOptions, Seen } from '../../../src/resilience/strangler/plan.ts'
import { frozenClock } from '../../help/clock.ts'

const options: PlanOptions = { steps: [1, 10, 50, 100], everyMs: 5_000, minCalls: 10, failurePercent: 5, start: true }

function aPlan(over: Partial<PlanOptions> = {}) {
  const shares: number[] = []
  let seen: Seen = { calls: 10, failures: 0, ms: 100, compared: 0, different: 0 }
  const plan = new Plan(
    'shop',
    { ...options, ...over },
    () => seen,
    percent => shares.push(percent),
  )
  return { plan, shares, see: (over: Partial<Seen>) => (seen = { ...seen, ...over }) }
}

test('the share grows step by step while the objectives hold, and then is done', async t => {
  const clock = frozenClock(t)
  const { plan, shares } = aPlan()
  using _ = plan
  for (let i = 0; i < 30; i++) await clock.advance(1_000)
  deepEqual(shares, [1, 10, 50, 100])
  deepEqual(plan.state.state, 'done')
})

test('it goes a step back at once when an objective fails, is held there, and goes on when it is told to', async t => {
  const clock = frozenClock(t)
  const { plan, shares, see } = aPlan()
  using _ = plan
  for (let i = 0; i < 6; i++) await clock.advance(1_000)
  deepEqual(shares, [1, 10])
  see({ failures: 5 })
  await clock.advance(1_000)
  deepEqual([shares.at(-1), plan.state.state, plan.state.reason], [1, 'held', '5 of 20 calls failed'])
  see({ failures: 0 })
  for (let i = 0; i < 30; i++) await clock.advance(1_000)
  deepEqual(shares, [1, 10, 1])
  plan.start()
  for (let i = 0; i < 6; i++) await clock.advance(1_000)
  deepEqual(shares.slice(3), [1, 10])
})

test('it goes back to nothing when the first step fails, and after the last one too', async t => {
  const clock = frozenClock(t)
  const { plan, shares, see } = aPlan({ steps: [100] })
  using _ = plan
  for (let i = 0; i < 10; i++) await clock.advance(1_000)
  see({ failures: 10 })
  for (let i = 0; i < 10; i++) await clock.advance(1_000)
  deepEqual(shares, [100, 0])
})

test('a step is not judged before it has seen enough, by its slowness and by what differs too', async t => {
  const clock = frozenClock(t)
  const few = aPlan()
  few.see({ calls: 0 })
  const slow = aPlan({ slowMs: 20 })
  slow.see({ ms: 500 })
  const other = aPlan({ differencePercent: 1 })
  other.see({ compared: 10, different: 1 })
  for (let i = 0; i < 10; i++) await clock.advance(1_000)
  deepEqual([few.shares, slow.shares, other.shares], [[1], [1, 0], [1, 0]])
  for (const { plan } of [few, slow, other]) plan[Symbol.dispose]()
})
