import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EpochMs } from '../../../src/clock.ts'
import { MemoryRows } from '../../../src/bridge/views/memory.ts'
import { MovingRows } from '../../../src/bridge/views/moving.ts'
import type { Row } from '../../../src/bridge/views/rows.ts'
import { SqliteRows } from '../../../src/bridge/views/sqlite.ts'

const count = 1_200
const nameOf = (n: number): string => `k${String(n).padStart(4, '0')}`
const row = (n: number): Row => ({
  value: Buffer.from(`${n}`),
  type: null,
  partition: n % 2,
  offset: n,
  modified: 1_700_000_000_000 as EpochMs,
  indexed: [n % 3 === 0 ? 'third' : null],
  attributes: null,
})

function aMove() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-view-'))
  const made = { topic: 'orders', indices: ['/c'], cloudEvents: false }
  const options = { file: join(folder, 'view.db'), maxBytes: 10 * 1_048_576, ...made }
  const memory = new MemoryRows({ listed: true, indices: 1 })
  const alike = new MemoryRows({ listed: true, indices: 1 })
  for (let n = 0; n < count; n++) for (const rows of [memory, alike]) rows.set(nameOf(n), row(n))
  const file = new SqliteRows(options)
  const moving = new MovingRows(memory, file)
  return { options, memory, alike, file, moving, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

test('rows on their way are held and listed as if they stood still, whatever changes meanwhile', () => {
  using place = aMove()
  const { memory, alike, file, moving } = place
  let pieces = 0
  for (let moved = false; !moved; pieces++) {
    moved = moving.move()
    for (const rows of [moving, alike]) {
      rows.set(nameOf(count - 1 - pieces), row(5_001 + pieces)) // one that waits to be moved
      rows.delete(nameOf(pieces)) // one that was moved
    }
    equal(moving.size, alike.size)
    for (const index of [null, { at: 0, value: 'third' }]) {
      const range = { prefix: 'k', after: nameOf(300), index, limit: 400 }
      deepEqual(moving.list(range), alike.list(range))
    }
    for (const n of [0, 300, count - 1]) deepEqual(moving.get(nameOf(n)), alike.get(nameOf(n)))
  }
  ok(pieces > 2, 'it goes in pieces')
  for (const rows of [moving, alike]) rows.forget(1)
  equal(memory.size, 0)
  const all = { prefix: '', after: null, index: null, limit: count }
  deepEqual(file.list(all), alike.list(all))
  moving[Symbol.dispose]()
})

test('who ends on the way leaves nothing in the file that a start would go on with', () => {
  using place = aMove()
  place.moving.move()
  place.moving.commit()
  place.moving[Symbol.dispose]()
  using again = new SqliteRows(place.options)
  deepEqual([again.size, again.kept.positions], [0, []])
})
