import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadScenario } from '../../config/scenario/load.ts'
import { explore } from '../../src/lab/explore.ts'
import { hasten } from '../../src/lab/hasten.ts'
import { startOwnKafka } from '../../src/lab/ownkafka.ts'
import type { Result } from '../../src/lab/result.ts'
import { simulateAll } from '../../src/lab/simulation/pool.ts'
import { folder } from '../help/folder.ts'
import { keptItsLedger } from '../help/ledger.ts'
import { sluice } from '../help/sluice.ts'

const shipped = (name: string, set: readonly string[] = []) => {
  const { scenario } = loadScenario(`scenarios/${name}.yaml`, { set })
  if (scenario === null) throw new Error(`${name} does not hold.`)
  return hasten(scenario, 5)
}
const manner = { variant: '', overlay: {}, target: false, startKafka: startOwnKafka }
const really = (name: string): Promise<Result> => explore(shipped(name), { ...manner, name }, { say: () => {} })
const simulated = (...names: readonly string[]): Promise<readonly Result[]> =>
  simulateAll(names.map(name => ({ scenario: shipped(name), name, variant: '', overlay: {} })))
const answered = ({ totals }: Result): number => (100 * totals.answered) / totals.asked

test('a slow worker is the same in simulation and in real time, within a tenth', { timeout: 90_000 }, async () => {
  const [model] = await simulated('slow-worker')
  let real = await really('slow-worker')
  // a machine that is busy elsewhere is no model of anything: once more before it counts
  if (Math.abs(answered(real) - answered(model!)) > 8) real = await really('slow-worker')
  for (const result of [model!, real]) keptItsLedger(result)
  const [a, b] = [answered(model!), answered(real)]
  ok(Math.abs(a - b) <= 10, `${a.toFixed(1)} % simulated, ${b.toFixed(1)} % real`)
})

test('in simulation the same seed is the same run, whatever was simulated before', { timeout: 90_000 }, async () => {
  const [first, other, again] = await simulated('slow-worker', 'broker-restart', 'slow-worker')
  for (const result of [first!, other!, again!]) keptItsLedger(result)
  deepEqual([again!.totals, again!.curve], [first!.totals, first!.curve])
  ok((other!.totals.codes['broker-unavailable'] ?? 0) > 50, JSON.stringify(other!.totals.codes))
})

test('a key that a third of all orders are for takes nothing from the others', { timeout: 90_000 }, async () => {
  const [hot] = await simulated('hot-key')
  keptItsLedger(hot!)
  deepEqual(
    hot!.objectives.filter(({ holds }) => !holds),
    [],
  )
  ok((hot!.totals.codes['reply-timeout'] ?? 0) > 50, 'the hot orders themselves are too many')
})

test('a sweep says what each setting came to, and recommends one', { timeout: 90_000 }, async t => {
  const out = folder(t)
  const axes = [
    '--set',
    'gateway.workers.orders.bulkhead.slots=8,256',
    '--set',
    'gateway.workers.orders.bulkhead.limit=fixed',
  ]
  const quick = ['--set', 'clients.shoppers.load.0.forMs=12000', '--set', 'faults.0.forMs=3000']
  const running = sluice(t, ['lab', 'sweep', 'slow-worker', ...axes, ...quick, '--out', out])
  equal(await running.ended, 0, running.err)
  match(running.out, /2 settings simulated[^]*slots=8[^]*slots=256[^]*Recommended: /)
  match(readFileSync(join(out, 'slow-worker-sweep.html'), 'utf8'), /<svg class="scatter"/)
  const wrong = sluice(t, [
    'lab',
    'sweep',
    'slow-worker',
    '--set',
    'gateway.workers.orders.bulkhead.slotz=1,2',
    '--out',
    out,
  ])
  equal(await wrong.ended, 2)
  match(wrong.err, /unknown option, did you mean `slots`/)
})
