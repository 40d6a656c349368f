import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { EpochMs } from '../../../src/clock.ts'
import { MemoryRows } from '../../../src/bridge/views/memory.ts'
import type { Row } from '../../../src/bridge/views/rows.ts'
import { SqliteRows } from '../../../src/bridge/views/sqlite.ts'

const row = (offset: number, indexed: readonly (string | null)[] = [null], bytes = 3): Row => ({
  value: Buffer.alloc(bytes, offset),
  type: null,
  partition: offset % 2,
  offset,
  modified: 1_700_000_000_000 as EpochMs,
  indexed,
  attributes: offset % 3 === 0 ? [['ce-id', `${offset}`]] : null,
})

function aFile() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-view-'))
  return { file: join(folder, 'view.db'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
const options = { maxBytes: 10 * 1_048_576, topic: 'orders', indices: ['/c'], cloudEvents: false }

test('a file and memory list and hold the same', () => {
  using place = aFile()
  using file = new SqliteRows({ ...options, file: place.file })
  using memory = new MemoryRows({ listed: true, indices: 1 })
  const key = fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', '\u00ff', '\u0000') })
  const value = fc.option(fc.constantFrom('x', 'y'))
  const steps = fc.array(fc.tuple(fc.boolean(), key, value), { maxLength: 30 })
  let offset = 0
  fc.assert(
    fc.property(steps, key, fc.option(key), value, (given, prefix, after, asked) => {
      for (const [sets, name, index] of given) {
        const next = row(++offset, [index])
        for (const rows of [file, memory]) {
          if (sets) rows.set(name, next)
          else rows.delete(name)
        }
      }
      const range = { prefix, after, index: asked === null ? null : { at: 0, value: asked }, limit: 5 }
      deepEqual(file.list(range), memory.list(range))
      deepEqual(file.get(prefix), memory.get(prefix))
      equal(file.size, memory.size)
    }),
    { numRuns: 60 },
  )
})

test('a file is gone on with where it was, and made anew for another topic or other indices', () => {
  using place = aFile()
  {
    using rows = new SqliteRows({ ...options, file: place.file })
    rows.set('k', row(7))
    rows.commit({ positions: [3, 9_007_199_254_740_000], log: 5 })
    rows.set('lost', row(8)) // not committed
  }
  {
    using rows = new SqliteRows({ ...options, file: place.file })
    deepEqual(rows.kept, { positions: [3, 9_007_199_254_740_000], log: 5 })
    deepEqual([rows.get('k'), rows.get('lost')], [row(7), undefined])
    rows.forget(1)
    equal(rows.get('k'), undefined)
  }
  using other = new SqliteRows({ ...options, file: place.file, indices: ['/d'] })
  deepEqual([other.size, other.kept.positions], [0, []])
})

test('a file does not grow beyond its bound', () => {
  using place = aFile()
  using rows = new SqliteRows({ ...options, maxBytes: 1_048_576, file: place.file })
  throws(() => {
    for (let n = 0; n < 100; n++) rows.set(`${n}`, row(n, [null], 65_536))
  }, /full/)
})
