import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Partitions } from '../../../src/resilience/bulkhead/partitions.ts'

test('one of many partitions may have its part of the slots, and at least one', () => {
  const partitions = new Partitions(50)
  partitions.count = 12
  deepEqual([partitions.cap(512), partitions.cap(9), partitions.cap(1)], [256, 4, 1])
})

test('there is no cap where there is one partition, where nobody knows how many, and at 100 percent', () => {
  const partitions = new Partitions(50)
  equal(partitions.cap(512), Infinity)
  partitions.count = 1
  equal(partitions.cap(512), Infinity)
  const all = new Partitions(100)
  all.count = 12
  equal(all.cap(512), Infinity)
})

test('while slots are short a partition has three times its share of what is inside, and what chance brings', () => {
  const partitions = new Partitions(50)
  equal(partitions.share(40), Infinity)
  partitions.count = 12
  deepEqual([partitions.share(40), partitions.share(10)], [10, 8])
})

test('what waits for a partition is held for it, and not in flight', () => {
  const partitions = new Partitions(50)
  partitions.queue(3)
  deepEqual([partitions.held(3), partitions.inFlight(3), partitions.inFlight(1_000)], [1, 0, 0])
  partitions.enter(3)
  deepEqual([partitions.held(3), partitions.inFlight(3)], [2, 1])
})

test('each partition is counted, also one that is new', () => {
  const partitions = new Partitions(50)
  for (const partition of [3, 3, 40, 1_000, 40, 40]) partitions.enter(partition)
  deepEqual(
    [0, 3, 40, 1_000, 5_000].map(partition => partitions.held(partition)),
    [0, 2, 3, 1, 0],
  )
  deepEqual(partitions.fullest(), { partition: 40, calls: 3 })
  for (const partition of [3, 3, 40, 1_000, 40, 40]) partitions.leave(partition)
  equal(partitions.fullest(), null)
})
