import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { later } from '../../../src/clock.ts'
import { noWorker, workerBehind } from '../../../src/resilience/gate/watched.ts'
import type { Watched } from '../../../src/resilience/gate/watched.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'

const aGroup = (over: Partial<Watched> = {}): Watched => ({ group: 'workers', members: 1, waitMs: () => 0, ...over })
const silent = (): null => null

test('nobody in the group is refused with its name, and to be tried again soon', () => {
  const problem = noWorker(aGroup({ members: 0 }), 'enforce')(aCall())!
  deepEqual([problem.code, problem.outcome, problem.limit, problem.observed], ['no-worker', 'not-sent', 1, 0])
  match(problem.message, /consumer group workers of orders has no member/)
  ok(problem.retryAfterMs! >= 1_000 && problem.retryAfterMs! <= 2_000)
})

test('members, or not knowing of any, refuse nothing', () => {
  for (const members of [1, 7, null]) equal(noWorker(aGroup({ members }), 'enforce')(aCall()), null)
})

test('a wait above what the call has left is refused, until the backlog fits', t => {
  frozenClock(t)
  const check = workerBehind(aGroup({ waitMs: partition => (partition === 3 ? 9_000 : 0) }), 'enforce', silent)
  const problem = check(aCall({ partition: 3, deadline: later(4_000) }))!
  deepEqual(
    [problem.code, problem.outcome, problem.limit, problem.observed],
    ['worker-behind', 'not-sent', 4_000, 9_000],
  )
  match(problem.message, /9000 ms behind in partition 3; the call has 4000 ms left/)
  ok(problem.retryAfterMs! >= 4_000 && problem.retryAfterMs! <= 6_000, `${problem.retryAfterMs}`)
  equal(check(aCall({ partition: 3, deadline: later(9_000) })), null)
  equal(check(aCall({ partition: 2, deadline: later(1) })), null)
})

test('what has just answered in less time is not believed to be behind', t => {
  frozenClock(t)
  const call = aCall({ deadline: later(4_000) })
  const check = (took: number | null) => workerBehind(aGroup({ waitMs: () => 9_000 }), 'enforce', () => took)(call)
  equal(check(100), null)
  equal(check(3_999), null)
  equal(check(4_000)?.code, 'worker-behind')
  equal(check(null)?.code, 'worker-behind')
})

test('observed, it counts and refuses nothing', t => {
  const refused = heard(t, 'refused')
  const call = aCall({ deadline: later(1_000) })
  const group = aGroup({ members: 0, waitMs: () => 9_000 })
  equal(noWorker(group, 'observe')(call), null)
  equal(workerBehind(group, 'observe', silent)(call), null)
  equal(noWorker(aGroup(), 'observe')(call), null)
  deepEqual(
    refused.map(({ problem: { code }, policy, observed }) => [code, policy, observed]),
    [
      ['no-worker', 'gate', true],
      ['worker-behind', 'gate', true],
    ],
  )
})
