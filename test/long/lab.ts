// Scenarios in real time, which take longer than a test of every day: npm run lab:long.
import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { loadScenario, parseScenario } from '../../config/scenario/load.ts'
import type { Scenario } from '../../config/scenario/schema.ts'
import { explore } from '../../src/lab/explore.ts'
import { overlaid } from '../../src/lab/gateway.ts'
import type { Overlay } from '../../src/lab/gateway.ts'
import { hasten } from '../../src/lab/hasten.ts'
import { startOwnKafka } from '../../src/lab/ownkafka.ts'
import type { Result } from '../../src/lab/result.ts'
import { simulateAll } from '../../src/lab/simulation/pool.ts'
import { useKafka } from '../help/kafka.ts'
import { keptItsLedger } from '../help/ledger.ts'

const kafka = useKafka()
/** With fewer slots than the workers have places. */
const few: Overlay = { workers: { orders: { bulkhead: { slots: 4 } } } }
/** A setting beside the shipped one, for each scenario one that answers another share. */
const others: Readonly<Record<string, (scenario: Scenario) => Overlay>> = {
  'broker-restart': () => few,
  'cold-start': () => few,
  'dead-worker': withoutPolicies,
  'hot-key': () => few,
  'leader-loss': () => ({ broker: { publish: { breaker: { openMs: 10_000 } } } }),
  'metastable-collapse': withoutPolicies,
  'noisy-neighbour': () => ({ workers: { orders: { bulkhead: { mode: 'off' } } } }),
  'poison-message': () => few,
  'retry-storm': () => few,
  'rolling-restart': () => few,
  'slow-worker': withoutPolicies,
  'thundering-herd': () => few,
}
function withoutPolicies({ variants }: Scenario): Overlay {
  return overlaid({}, variants['without-policies'] ?? {})
}

/** In half of its time: an outage that is shorter than what a circuit stays open would be another scenario. */
const shipped = (name: string): Scenario => {
  const { scenario } = loadScenario(`scenarios/${name}.yaml`, {})
  if (scenario === null) throw new Error(`${name} does not hold.`)
  return hasten(scenario, 2)
}
const really = (name: string, overlay: Overlay = {}): Promise<Result> => {
  const manner = { name, variant: '', overlay, target: false, startKafka: startOwnKafka }
  return explore(shipped(name), manner, { say: () => {} })
}
const simulated = async (name: string, overlays: readonly Overlay[]): Promise<readonly number[]> => {
  const results = await simulateAll(overlays.map(overlay => ({ scenario: shipped(name), name, variant: '', overlay })))
  return results.map(answered)
}
const answered = ({ totals }: Result): number => (100 * totals.answered) / totals.asked
const apart = (a: number, b: number): number => (100 * Math.abs(a - b)) / Math.max(a, b)

test('each shipped scenario has another setting to be compared with', () => {
  const names = globSync('scenarios/*.yaml').map(file => basename(file, '.yaml'))
  deepEqual(names.toSorted(), Object.keys(others))
})

for (const [name, other] of Object.entries(others))
  test(
    `${name}: simulation and real time agree in what is answered within a tenth, and in which of two settings answers more`,
    { timeout: 240_000 },
    async t => {
      const overlay = other(shipped(name))
      const [model = 0, otherModel = 0] = await simulated(name, [{}, overlay])
      let real = answered(await really(name))
      // a machine that is busy elsewhere is no model of anything: once more before it counts
      if (apart(model, real) > 10) real = answered(await really(name))
      const otherReal = answered(await really(name, overlay))
      const figures = [model, real, otherModel, otherReal].map(share => share.toFixed(1))
      const said = `${figures[0]} % simulated, ${figures[1]} % real; the other setting ${figures[2]} and ${figures[3]} %`
      t.diagnostic(`${name}: ${said}`)
      ok(apart(model, real) <= 10, said)
      ok(Math.abs(model - otherModel) > 3, `these are no two settings: ${said}`)
      equal(Math.sign(model - otherModel), Math.sign(real - otherReal), said)
    },
  )

test('shipped scenarios keep their ledger in real time', { timeout: 90_000 }, async () => {
  for (const name of ['broker-restart', 'rolling-restart']) {
    const result = await really(name)
    keptItsLedger(result)
    ok(result.totals.answered > 100, `${name}: ${result.totals.answered}`)
  }
})

test(
  'a scenario on a real Kafka that the laboratory starts, whose broker is killed and comes back',
  { skip: kafka.skip, timeout: 180_000 },
  async () => {
    const { scenario } = parseScenario(
      `title: The broker is away
broker: kafka
clients: { a: { load: [{ forMs: 16000, perSecond: 40 }], patienceMs: 3000 } }
workers: { members: 1, concurrency: 5, serviceMs: 10 }
faults: [{ name: away, atMs: 6000, forMs: 1000, broker: down }]
warmMs: 8000`,
      's.yaml',
    )
    const manner = { name: 's', variant: '', overlay: {}, target: false, startKafka: startOwnKafka }
    const { totals, ledger, faults } = await explore(scenario!, manner, { say: () => {} })
    deepEqual(
      ledger.filter(({ holds }) => holds === false),
      [],
    )
    ok(totals.answered > 60 && totals.answered < totals.asked, `${totals.answered} of ${totals.asked}`)
    equal(faults[0]?.label, 'broker down')
  },
)
