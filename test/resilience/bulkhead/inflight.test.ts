import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { InFlight } from '../../../src/resilience/bulkhead/inflight.ts'
import { aCall } from '../../help/call.ts'
import { heard } from '../heard.ts'

test('a call is counted by its client, its route and its partition, and taken off all of them', t => {
  const moves = heard(t, 'occupied')
  const inside = new InFlight('orders', 50)
  inside.guarantee(new Map([['place-order', 10]]))
  const call = aCall({ partition: 7 })
  const place = inside.cohorts.placeOf(call.client)
  const counts = (): unknown[] => [
    inside.inFlight,
    inside.cohorts.load(place),
    inside.cohorts.inside(place),
    inside.partitions.held(7),
    inside.shares.owed(1, 10),
  ]
  deepEqual(counts(), [0, 0, 0, 0, true])
  inside.queue(call, place)
  deepEqual(counts(), [0, 0, 1, 1, true])
  inside.unqueue(call, place)
  inside.enter(call, place)
  deepEqual(counts(), [1, 1, 1, 1, false])
  inside.leave(call, place)
  deepEqual(counts(), [0, 0, 0, 0, true])
  deepEqual(
    moves.map(({ worker, inFlight, waiting }) => [worker, inFlight, waiting]),
    [
      ['orders', 0, 1],
      ['orders', 0, -1],
      ['orders', 1, 0],
      ['orders', -1, 0],
    ],
  )
})
