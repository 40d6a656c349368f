import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { EpochMs } from '../../../src/clock.ts'
import { MemoryRows } from '../../../src/bridge/views/memory.ts'
import { weigh } from '../../../src/bridge/views/rows.ts'
import type { Row } from '../../../src/bridge/views/rows.ts'

const row = (partition: number, bytes: number, indexed: string | null = null): Row => ({
  value: Buffer.alloc(bytes),
  type: null,
  partition,
  offset: 0,
  modified: 0 as EpochMs,
  indexed: [indexed],
  attributes: null,
})

test('bytes are counted as rows come, are replaced and go', () => {
  using rows = new MemoryRows({ listed: true, indices: 1 })
  rows.set('a', row(0, 100))
  rows.set('a', row(0, 10))
  equal(rows.bytes, weigh('a', row(0, 10)))
  ok(weigh('a', row(0, 10)) > 300, 'what stands around a row counts too')
  rows.delete('a')
  rows.delete('a')
  deepEqual([rows.bytes, rows.size], [0, 0])
})

test('a partition that was made anew is forgotten alone', () => {
  using rows = new MemoryRows({ listed: true, indices: 1 })
  rows.set('a', row(0, 1, 'x'))
  rows.set('b', row(1, 1, 'x'))
  rows.forget(0)
  const found = rows.list({ prefix: '', after: null, index: { at: 0, value: 'x' }, limit: 10 })
  deepEqual(
    found.map(([key]) => key),
    ['b'],
  )
})
