import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { murmur2, partitionOf } from '../../src/bridge/partition.ts'

test("hashes keys as Kafka's Java clients do", () => {
  const known: Readonly<Record<string, number>> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  for (const [key, hash] of Object.entries(known)) equal(murmur2(Buffer.from(key)), hash, key)
})

test('every key has one partition, below their number', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 10_000 }), (key, partitions) => {
      const partition = partitionOf(key, partitions)
      ok(Number.isInteger(partition) && partition >= 0 && partition < partitions)
      equal(partitionOf(Buffer.concat([Buffer.from('x'), key]).subarray(1), partitions), partition)
    }),
  )
})

test('a negative hash loses its sign bit, not its sign', () => {
  equal(partitionOf(Buffer.from('21'), 12), (-973932308 & 0x7fffffff) % 12)
  deepEqual(
    ['21', 'foobar', 'abc', 'a-little-bit-long-string'].map(key => partitionOf(Buffer.from(key), 12)),
    [0, 6, 3, 8],
  )
})
