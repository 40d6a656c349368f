import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { parseScenario } from '../../config/scenario/load.ts'
import { partitionOf } from '../../src/bridge/partition.ts'
import { sceneOf } from '../../src/lab/scene.ts'

function aScene(yaml: string) {
  const { scenario } = parseScenario(`title: t\n${yaml}`, 's.yaml', { env: {} })
  if (scenario === null) throw new Error('The scenario of this test does not hold.')
  return sceneOf(scenario, 's')
}
const load = 'clients: { a: { load: [{ forMs: 10000, perSecond: 100 }, { forMs: 2000, steps: [1, 2] }] } }'

test('a load is a rate over time, and steps share their time', () => {
  deepEqual(aScene(load).populations[0]?.rate, [
    { forMs: 10_000, from: 100 },
    { forMs: 1_000, from: 1 },
    { forMs: 1_000, from: 2 },
  ])
})

test('a fault begins and ends, and one without an end is not mended', () => {
  const did = (faults: string) =>
    (aScene(`${load}\nfaults: [${faults}]`).faults ?? []).map(fault => `${fault.atMs} ${fault.do}`)
  deepEqual(did('{ atMs: 1000, forMs: 500, freeze: all }'), ['1000 freeze', '1500 thaw'])
  deepEqual(did('{ atMs: 1000, broker: pause }'), ['1000 pause-broker'])
  deepEqual(did('{ atMs: 1, forMs: 1, kill: all }'), ['1 kill', '2 join', '2 join'])
  deepEqual(did('{ atMs: 1, forMs: 1, network: { cut: true } }'), ['1 network', '2 network'])
  deepEqual(did('{ atMs: 1, forMs: 1, gateway: { kind: abort, percent: 5 } }'), ['1 rule', '2 rule'])
})

test('workers that change become what they were', () => {
  const [begin, end] = aScene(`${load}\nfaults: [{ atMs: 1, forMs: 1, workers: { serviceMs: 100 } }]`).faults ?? []
  deepEqual(
    [begin, end],
    [
      { do: 'behave', who: 'all', change: { serviceMs: 100 }, atMs: 1 },
      { do: 'behave', who: 'all', change: { serviceMs: 20 }, atMs: 2 },
    ],
  )
})

test('what the workers can do follows what befalls them', () => {
  const { possible } = aScene(`${load}
workers: { members: 2, concurrency: 10, serviceMs: 20 }
faults: [{ atMs: 1000, forMs: 1000, kill: 0 }, { atMs: 3000, forMs: 1000, broker: down }, { atMs: 5000, workers: { serviceMs: 40 } }]`)
  deepEqual([0, 1_500, 3_500, 6_000].map(possible), [1_000, 500, 0, 500])
})

test('a run lasts as long as its load, its faults and its phases', () => {
  equal(aScene(load).lengthMs, 12_000)
  equal(aScene(`${load}\nfaults: [{ atMs: 20000, forMs: 1000, broker: down }]`).lengthMs, 21_000)
  equal(aScene('clients: {}\nphases: { all: { fromMs: 0, toMs: 3000 } }').lengthMs, 3_000)
})

test('keys may be only those of some partitions, and the load before the beginning is of no key in particular', () => {
  const { populations, warm } = aScene(
    'clients: { a: { load: [{ forMs: 1000, perSecond: 9 }], partitions: [7], keys: 50, hotPercent: 20 } }\nwarmPerSecond: 400',
  )
  const keys = populations[0]?.keys
  ok(Array.isArray(keys) && keys.length === 50 && keys.every(key => partitionOf(Buffer.from(key), 12) === 7))
  deepEqual([warm?.[0]?.hotPercent, warm?.[0]?.rate], [undefined, [{ forMs: 2_000, from: 400 }]])
})

test('a scenario may do without a ledger', () => {
  deepEqual([aScene(load).ledger, aScene(`${load}\nledger: false`).ledger], [true, false])
})
