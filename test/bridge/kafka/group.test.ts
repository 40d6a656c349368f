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
  deepEqual(offsets(held.unseen(from(50, 51))), [50, 51])
  deepEqual(offsets(held.unseen(from(51, 51))), [])
  deepEqual(offsets(held.unseen(from(51, 53))), [52, 53])
  deepEqual(offsets(held.unseen(from(50, 51))), [])
  deepEqual(offsets(held.unseen(from(54, 54))), [54])
})

test('a topic made anew is read from its beginning', () => {
  const held = holding()
  held.unseen(from(50, 51))
  held.reposition()
  deepEqual(offsets(held.unseen(from(0, 2))), [0, 1, 2])
  deepEqual(offsets(held.unseen(from(3, 3))), [3])
})
