import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Problem } from '../../src/problem.ts'
import { Summed } from '../../src/telemetry/summed.ts'
import type { Sum } from '../../src/telemetry/summed.ts'
import { frozenClock } from '../help/clock.ts'

const full = new Problem('bulkhead-full', 'x', { policy: 'bulkhead' })

test('the first refusal of a second passes, the others are a count at its end', async t => {
  const clock = frozenClock(t)
  const told: Sum[] = []
  using summed = new Summed(sum => told.push(sum))
  const taken = () => summed.takes('r', full, 'warn')
  deepEqual([taken(), taken(), taken()], [false, true, true])
  deepEqual(summed.takes('other', full, 'warn'), false, 'another route is another reason')
  await clock.advance(1_100)
  deepEqual(told, [{ route: 'r', policy: 'bulkhead', code: 'bulkhead-full', count: 2 }])
  deepEqual([taken(), taken()], [false, true])
})

test('what no policy refused, and a defect, are never summed up', () => {
  using summed = new Summed(() => {})
  const late = new Problem('reply-timeout', 'x')
  const broken = new Problem('internal', 'x', { policy: 'gate' })
  const takes = (problem: Problem, level: 'warn' | 'error') => summed.takes('r', problem, level)
  deepEqual(
    [takes(late, 'warn'), takes(late, 'warn'), takes(broken, 'error'), takes(broken, 'error')],
    [false, false, false, false],
  )
})

test('what is counted at the end is told', () => {
  const told: Sum[] = []
  {
    using summed = new Summed(sum => told.push(sum))
    for (let n = 0; n < 3; n++) summed.takes('r', full, 'warn')
  }
  deepEqual(
    told.map(({ count }) => count),
    [2],
  )
})
