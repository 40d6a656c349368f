import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Entry } from '../../../src/bridge/operations/entry.ts'
import { newId } from '../../../src/bridge/operations/event.ts'
import { Overflow } from '../../../src/bridge/operations/overflow.ts'
import { Interned } from '../../../src/bridge/operations/stored.ts'
import { anAccepted } from '../../help/operations.ts'

const interned = new Interned()
const anEntry = (seq: number, client = '::1'): Entry => {
  const holds = { scope: `k-${seq}`, fingerprint: 'f' }
  const entry = new Entry(
    newId(),
    anAccepted({ client, holds, keepMs: 10 }),
    { partition: 0, offset: seq, seq },
    interned,
  )
  entry.end({ kind: 'cancelled', at: seq }, `${entry.id}/a`, seq, interned)
  return entry
}

test('what is put there is found by id, key, client and time, until it is deleted', () => {
  using overflow = new Overflow(':memory:', interned)
  const entries = Array.from({ length: 20 }, (_, seq) => anEntry(seq, seq % 2 === 0 ? '::1' : '::2'))
  for (const entry of entries) overflow.put(entry, entry.scope)
  equal(overflow.size, 20)
  const seventh = entries[7]!
  deepEqual(overflow.entry(seventh.id)?.open(), seventh.open())
  equal(overflow.holder('k-7')?.id, seventh.id)
  deepEqual(
    overflow.of('::2', 9, 2).map(({ seq }) => seq),
    [7, 5],
  )
  deepEqual(
    overflow.due(12, 9).map(({ seq }) => seq),
    [0, 1, 2],
  )
  overflow.put(seventh, null) // it holds its key no longer
  deepEqual([overflow.size, overflow.holder('k-7')], [20, null])
  overflow.delete(seventh.id)
  overflow.delete(seventh.id)
  deepEqual([overflow.size, overflow.entry(seventh.id)], [19, null])
})

test('a file of before is dropped', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-overflow-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'operations.db')
  const entry = anEntry(1)
  {
    using overflow = new Overflow(file, interned)
    overflow.put(entry, null)
  }
  using overflow = new Overflow(file, interned)
  deepEqual([overflow.size, overflow.entry(entry.id)], [0, null])
})
