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
const shipped = (name: string): Scenario => {
  const { scenario } = loadScenario(`scenarios/${name}.yaml`, {})
  if (scenario === null) throw new Error(`${name} does not hold.`)
  return hasten(scenario, name === 'dead-worker' ? 2 : 5) // an outage longer than a session stays longer
}
const overlayOf = ({ variants }: Scenario, variant: string): Overlay => overlaid({}, variants[variant] ?? {})
const really = (name: string, variant = ''): Promise<Result> => {
  const scenario = shipped(name)
  const manner = { name, variant, overlay: overlayOf(scenario, variant), target: false, startKafka: startOwnKafka }
  return explore(scenario, manner, { say: () => {} })
}
const simulated = async (name: string, variant = ''): Promise<Result> => {
  const scenario = shipped(name)
  const [result] = await simulateAll([{ scenario, name, variant, overlay: overlayOf(scenario, variant) }])
  return result!
}
const answered = ({ totals }: Result): number => (100 * totals.answered) / totals.asked

test(
  'simulation and real time agree in what is answered, within a tenth, for each scenario',
  { timeout: 600_000 },
  async t => {
    const names = globSync('scenarios/*.yaml').map(file => basename(file, '.yaml'))
    const apart: string[] = []
    for (const name of names.toSorted()) {
      const model = answered(await simulated(name))
      let real = answered(await really(name))
      // a machine that is busy elsewhere is no model of anything: once more before it counts
      if (Math.abs(model - real) > 10) real = answered(await really(name))
      const said = `${name}: ${model.toFixed(1)} % simulated, ${real.toFixed(1)} % real`
      t.diagnostic(said)
      if (Math.abs(model - real) > 10) apart.push(said)
    }
    deepEqual(apart, [])
  },
)

test('simulation and real time agree in which of two settings answers more', { timeout: 300_000 }, async t => {
  for (const [name, variant] of [
    ['slow-worker', 'without-policies'],
    ['metastable-collapse', 'without-policies'],
    ['retry-storm', 'without-policies'],
    ['hot-key', 'as-shipped'],
  ] as const) {
    const model = answered(await simulated(name)) - answered(await simulated(name, variant))
    const real = answered(await really(name)) - answered(await really(name, variant))
    t.diagnostic(`${name} against ${variant}: ${model.toFixed(1)} simulated, ${real.toFixed(1)} real`)
    // what differs by less than that is no order
    if (Math.abs(model) > 5) equal(Math.sign(model), Math.sign(real), `${name}: ${model} simulated, ${real} real`)
  }
})

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
clients: { a: { load: [{ forMs: 8000, perSecond: 40 }], patienceMs: 3000 } }
workers: { members: 1, concurrency: 5, serviceMs: 10 }
faults: [{ name: away, atMs: 2000, forMs: 1000, broker: down }]
warmMs: 1000`,
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
