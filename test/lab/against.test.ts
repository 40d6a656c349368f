import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import type { ObjectiveOptions } from '../../config/scenario/schema.ts'
import { judge } from '../../src/lab/judge.ts'
import { Tally } from '../../src/lab/tally.ts'
import { aRun } from './runs.ts'

const tried = (objective: ObjectiveOptions, run = aRun()): readonly (readonly [string, boolean | null])[] =>
  judge(run, [objective], []).map(({ measured, holds }) => [measured, holds])

/** A run of one class of clients who ask for so many each second, of which so many are answered. */
function courseOf(asked: readonly number[], served: readonly number[]) {
  const tally = new Tally([{ name: 'whole', fromMs: 0, toMs: asked.length * 1_000 }])
  for (const [second, count] of asked.entries()) {
    for (let i = 0; i < count; i++) {
      const at = second * 1_000 + (i * 900) / count
      tally.sent(at, true)
      tally.ended(i < (served[second] ?? 0) ? 'served' : 'refused', 'overloaded', at, at)
    }
    tally.turn()
  }
  const whole = { name: 'whole', fromMs: 0, toMs: asked.length * 1_000 }
  return { ...aRun({}, { phases: [whole] }), lengthMs: asked.length * 1_000, populations: { a: tally.result() } }
}

test('answers are measured by those of another phase', () => {
  const p99 = (plusMs: number) => tried({ during: 'during', p99Against: { phase: 'before', times: 0.5, plusMs } })
  deepEqual(
    [...p99(10), ...p99(9)],
    [
      ['20 ms', true],
      ['20 ms', false],
    ],
  )
})

test('what is answered is measured by what was in another phase', () => {
  const run = courseOf([10, 10, 10, 10], [10, 10, 9, 9])
  const phases = run.scene.phases
  deepEqual(
    tried(
      { during: 'whole', answeredAgainst: { phase: 'whole', percent: 100 } },
      { ...run, scene: { ...run.scene, phases } },
    ),
    [['100 %', true]],
  )
})

test('who matters more is refused no greater share in any second', () => {
  deepEqual(
    [
      tried({ during: 'during', of: 'a', neverRefusedMoreThan: 'b' }),
      tried({ during: 'during', of: 'b', neverRefusedMoreThan: 'a' }),
    ],
    [[['0', true]], [['2', false]]],
  )
})

test('of its best a process keeps so much when twice that is asked, for three seconds at least', () => {
  const beyond = courseOf([10, 10, 10, 20, 20, 20], [10, 10, 10, 10, 9, 5])
  deepEqual(tried({ during: 'whole', ofBestPercent: 80 }, beyond), [['92.22 %', true]])
  const never = courseOf([10, 10, 10, 20, 20], [10, 10, 10, 10, 10])
  deepEqual(tried({ during: 'whole', ofBestPercent: 80 }, never), [['never', false]])
})
