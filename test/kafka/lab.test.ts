import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { parseScenario } from '../../config/scenario/load.ts'
import { explore } from '../../src/lab/explore.ts'
import { useKafka } from '../help/kafka.ts'
import { keptItsLedger } from '../help/ledger.ts'

const kafka = useKafka()

/**
 * Two workers that can do 100 a second each are asked for 60; they stand still for a while, then one leaves. What the two have in
 * hand at that moment, two commands each, may be done twice: delivery is at least once.
 */
const small = (brokers: string): string => `title: small
broker: kafka
brokers: ${brokers}
warmMs: 1000
clients: { clients: { load: [{ forMs: 6000, perSecond: 60 }], patienceMs: 3000 } }
workers: { members: 2, concurrency: 2, serviceMs: 20 }
phases: { before: { fromMs: 0, toMs: 2000 } }
faults:
  - { name: still, atMs: 2000, forMs: 1000, freeze: all }
  - { name: one, atMs: 4000, leave: 1 }
  - { name: replies, atMs: 9000, forMs: 500, network: { between: broker, cut: true, replies: true } }
objectives:
  - { during: before, answeredPercent: 100, circuitChanges: 0 }
  - { answeredPercent: 95, duplicateReplies: 4, memoryGrowthPercent: 100, inVain: 20 }`

test(
  'a scenario is played on a Kafka that is there: load, workers, faults, and what each of them saw',
  { skip: kafka.skip, timeout: 120_000 },
  async () => {
    const { scenario } = parseScenario(small(kafka.brokers), 's.yaml')
    const startKafka = () => Promise.reject(new Error('There is one.'))
    const manner = { name: 's', variant: '', overlay: {}, target: false, startKafka }
    const result = await explore(scenario!, manner, { say: () => {} })
    keptItsLedger(result)
    deepEqual(
      result.objectives.filter(({ holds }) => holds !== true),
      [],
    )
    const { seconds, totals } = result
    ok(totals.asked > 250 && totals.asked < 480, String(totals.asked)) // 360 on average
    ok(Math.max(...seconds.p99.map(ms => ms ?? 0)) > 400, 'who asked while all stood still had to wait')
    ok(totals.executed >= totals.answered, `${totals.executed} executed, ${totals.answered} answered`)
    equal(result.faults.length, 3)
  },
)
