// Scenarios in real time, which take longer than a test of every day: npm run lab:long.
import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { loadScenario, parseScenario } from '../../config/scenario/load.ts'
import { explore } from '../../src/lab/explore.ts'
import { hasten } from '../../src/lab/hasten.ts'
import { startOwnKafka } from '../../src/lab/ownkafka.ts'
import type { Result } from '../../src/lab/result.ts'
import { useKafka } from '../help/kafka.ts'
import { keptItsLedger } from '../help/ledger.ts'

const kafka = useKafka()
const really = (name: string): Promise<Result> => {
  const { scenario } = loadScenario(`scenarios/${name}.yaml`, {})
  if (scenario === null) throw new Error(`${name} does not hold.`)
  const manner = { name, variant: '', overlay: {}, target: false, startKafka: startOwnKafka }
  return explore(hasten(scenario, 5), manner, { say: () => {} })
}

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
