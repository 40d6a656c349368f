import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { parseScenario } from '../../config/scenario/load.ts'
import { hasten } from '../../src/lab/hasten.ts'

test('load, faults and phases get shorter, and nobody quicker', () => {
  const { scenario } = parseScenario(
    `title: t
clients: { a: { load: [{ forMs: 1000, perSecond: 10 }], patienceMs: 500 }, b: { closed: { users: 1, thinkMs: 10, forMs: 200 } } }
phases: { p: { fromMs: 100, toMs: 300 } }
faults: [{ atMs: 200, forMs: 100, broker: down }, { atMs: 300, freeze: all }]
workers: { slowStart: { forMs: 50, factor: 3 } }`,
    's.yaml',
  )
  const { clients, phases, faults, workers, warmMs } = hasten(scenario!, 10)
  deepEqual([clients['a']?.load, clients['a']?.patienceMs], [[{ forMs: 100, perSecond: 10 }], 500])
  equal(clients['b']?.closed?.forMs, 20)
  deepEqual(phases['p'], { fromMs: 10, toMs: 30 })
  deepEqual(
    faults.map(({ atMs, forMs }) => [atMs, forMs]),
    [
      [20, 10],
      [30, undefined],
    ],
  )
  deepEqual([workers.serviceMs, workers.slowStart, warmMs], [20, { forMs: 5, factor: 3 }, 200])
})
