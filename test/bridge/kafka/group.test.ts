import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Holding } from '../../../src/bridge/kafka/group.ts'

const holding = (): Holding => new Holding('t', 0, () => {})
const from = (first: number, last: number): readonly { offset: bigint }[] =>
  Array.from({ length: last - first + 1 }, (_, i) => ({ offset: BigInt(first + i) }))
const offsets = (records: readonly { offset: bigint }[]): readonly number[] =>
  records.map(({ offset }) => Number(offset))

test('what the old leader and the new one both bring is handed over once', () => {
  const held = holding()
  deepEqual(offsets(held.unseen(from(50, 51), 52n)), [50, 51])
  deepEqual(offsets(held.unseen(from(51, 51), 52n)), [])
  deepEqual(offsets(held.unseen(from(51, 51), 51n)), [], 'the watermark was read before the records')
  deepEqual(offsets(held.unseen(from(51, 53), 54n)), [52, 53])
  deepEqual(offsets(held.unseen(from(50, 51), 54n)), [])
  deepEqual(offsets(held.unseen(from(54, 54), 55n)), [54])
})

test('a topic made anew is read from its beginning', () => {
  const held = holding()
  held.unseen(from(50, 51), 52n)
  deepEqual(offsets(held.unseen(from(0, 2), 3n)), [0, 1, 2])
  deepEqual(offsets(held.unseen(from(3, 3), 4n)), [3])
})
