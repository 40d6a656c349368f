import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { priorities } from '../../../src/call.ts'
import type { Priority } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { partitionFull, full, gaveWay, shedByChance } from '../../../src/resilience/bulkhead/shed.ts'

const capacity = { inFlight: 5, limit: 4, waiting: 3, places: 3 }
/** How many of a thousand calls are shed where so many are inside, in percent. */
const shedOf = (priority: Priority, inside: number): number =>
  Array.from({ length: 1_000 }, () => shedByChance(priority, inside, 100)).filter(problem => problem !== null).length /
  10

test('each refusal says what it allows and what it saw, and when to come back', () => {
  for (const [problem, code, limit, observed] of [
    [full(capacity), 'bulkhead-full', 7, 8],
    [partitionFull(3, 4, 2), 'bulkhead-full', 2, 4],
    [gaveWay('critical', capacity), 'shed', 3, 3],
  ] as const) {
    ok(problem instanceof Problem)
    deepEqual([problem.code, problem.policy, problem.limit, problem.observed], [code, 'bulkhead', limit, observed])
    deepEqual([problem.outcome, problem.spec.status], ['not-sent', 503])
    ok(problem.retryAfterMs! >= 1_000 && problem.retryAfterMs! <= 2_000)
  }
  ok(partitionFull(3, 4, 2).message.includes('partition 3'))
})

test('normal calls are shed from twice the limit, all of them at three times', () => {
  equal(shedOf('normal', 200), 0)
  const half = shedOf('normal', 250)
  ok(half > 40 && half < 60, `${half} % at 2.5 times`)
  equal(shedOf('normal', 300), 100)
})

test('what matters less is shed a limit before, what matters more a limit after, probes of health never', () => {
  deepEqual(
    priorities.map(priority => shedOf(priority, 200)),
    [100, 0, 0, 0],
  )
  deepEqual(
    priorities.map(priority => shedOf(priority, 300)),
    [100, 100, 0, 0],
  )
  deepEqual(
    priorities.map(priority => shedOf(priority, 400)),
    [100, 100, 100, 0],
  )
})

test('a shed call is told of whom and why', t => {
  t.mock.method(Math, 'random', () => 0)
  const problem = shedByChance('sheddable', 150, 100)!
  deepEqual([problem.code, problem.limit, problem.observed], ['shed', 100, 150])
  equal(
    problem.message,
    '150 commands in flight or waiting, where the worker keeps up with 100: 50 % of the sheddable calls are shed.',
  )
})
