import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import type { ObjectiveOptions } from '../../config/scenario/schema.ts'
import { judge } from '../../src/lab/judge.ts'
import { aRun } from './runs.ts'

/** What the gateway says each second of these series; `ready` is the status of `/readyz`. */
function said(series: Readonly<Record<string, readonly number[]>>, ready: readonly number[] = [200, 200, 200, 200]) {
  const run = aRun()
  const samples = run.samples.map((sample, i) => ({
    ...sample,
    ready: ready[i] ?? 200,
    metrics: new Map(Object.entries(series).map(([name, values]) => [name, values[i] ?? 0])),
  }))
  return { ...run, samples }
}
const tried = (objective: ObjectiveOptions, run: ReturnType<typeof said>): readonly unknown[] =>
  judge(run, [objective], []).flatMap(({ measured, holds }) => [measured, holds])

test('changes of the circuit and replies that came twice are counted from the first second on', () => {
  const changes = { 'sluice_circuit_changes_total{circuit="orders"}': [3, 3, 4, 5] }
  deepEqual(tried({ during: 'before', circuitChanges: 0 }, said(changes)), ['0', true])
  deepEqual(tried({ during: 'during', circuitChanges: 1 }, said(changes)), ['2', false])
  const twice = { 'sluice_replies_total{class="duplicate"}': [0, 0, 0, 1] }
  deepEqual(tried({ during: 'during', duplicateReplies: 0 }, said(twice)), ['1', false])
})

test('memory is measured from the middle to the end', () => {
  const memory = { process_resident_memory_bytes: [10, 20, 40, 44] }
  deepEqual(tried({ during: 'during', memoryGrowthPercent: 10 }, said(memory)), ['10 %', true])
  deepEqual(tried({ during: 'during', memoryGrowthPercent: 9 }, said(memory)), ['10 %', false])
  deepEqual(tried({ during: 'during', memoryGrowthPercent: 9 }, said({})), ['never', false])
})

test('a gateway that is not ready says so both ways, to the end', () => {
  const gauge = { sluice_ready: [1, 1, 0, 0] }
  deepEqual(tried({ during: 'during', notReadyAfterMs: 0 }, said(gauge, [200, 200, 503, 503])), ['0 ms', true])
  deepEqual(tried({ during: 'during', notReadyAfterMs: 1_000 }, said(gauge, [200, 200, 200, 503])), ['1,000 ms', true])
  deepEqual(tried({ during: 'during', notReadyAfterMs: 1_000 }, said(gauge, [200, 200, 503, 200])), ['never', false])
})

test('who waits in vain while a circuit is open is its trial', () => {
  const trials = { 'sluice_circuit_probes_total{circuit="orders"}': [0, 0, 2, 2] }
  deepEqual(tried({ during: 'during', inVainPerTrial: 1 }, said(trials)), ['0', true])
})
