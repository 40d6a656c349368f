import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Window } from '../../../src/bridge/feeds/window.ts'
import { aRecord } from '../../help/record.ts'

const record = (offset: number, bytes = 1) => aRecord({ offset: BigInt(offset), value: Buffer.alloc(bytes) })
const offsets = (window: Window, from: number): number[] => [...window.from(from)].map(({ offset }) => Number(offset))

test('a window keeps the latest records within both bounds, and says from where on nothing is missing', () => {
  const window = new Window(5, { records: 3, bytes: 10_000 })
  deepEqual([window.first, window.next], [5, 5])
  for (let offset = 5; offset < 2_000; offset++) window.push(record(offset))
  deepEqual([window.first, window.next], [1_997, 2_000])
  deepEqual(offsets(window, 1_997), [1_997, 1_998, 1_999])
  window.push(record(2_000, 9_700))
  deepEqual([window.first, offsets(window, window.first)], [2_000, [2_000]])
  window.push(record(2_001, 20_000))
  deepEqual([window.first, window.next, offsets(window, window.first)], [2_002, 2_002, []])
})

test('offsets without records, as compaction leaves them, are no gap', () => {
  const window = new Window(0, { records: 10, bytes: 10_000 })
  for (const offset of [3, 4, 10]) window.push(record(offset))
  equal(window.first, 0)
  deepEqual(offsets(window, 0), [3, 4, 10])
  deepEqual(offsets(window, 4), [4, 10])
  deepEqual(offsets(window, 5), [10])
  deepEqual(offsets(window, 11), [])
  window.advance(15)
  equal(window.next, 15)
  window.advance(12)
  equal(window.next, 15)
  ok(window.weight(4) < window.weight(0))
})

test('a log that was made anew begins a new window', () => {
  const window = new Window(0, { records: 10, bytes: 10_000 })
  window.push(record(7))
  window.restart(0)
  deepEqual([window.first, window.next, offsets(window, 0)], [0, 0, []])
})
