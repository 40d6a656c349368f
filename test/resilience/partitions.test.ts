import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Partitions } from '../../src/resilience/partitions.ts'

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

test('while slots are short, a partition may have twice its part of the latest answers, and one in any case', () => {
  const partitions = new Partitions(50)
  for (let i = 0; i < 31; i++) partitions.answered(i % 4)
  partitions.count = 12
  equal(partitions.fair(0, 20), Infinity) // too few to say
  partitions.answered(3)
  deepEqual([0, 3, 4, 1_000].map(partition => partitions.fair(partition, 20)), [10, 10, 1, 1]) // prettier-ignore
  for (let i = 0; i < 24; i++) partitions.answered(4)
  deepEqual(
    [0, 3, 4].map(partition => partitions.fair(partition, 20)),
    [3, 3, 30],
  )
  for (let i = 0; i < 8; i++) partitions.answered(4)
  deepEqual(
    [0, 4].map(partition => partitions.fair(partition, 20)),
    [1, 40],
  )
  partitions.count = 1
  equal(partitions.fair(0, 20), Infinity)
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
