import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Entry, versionOf } from '../../../src/bridge/operations/entry.ts'
import { newId } from '../../../src/bridge/operations/event.ts'
import { Interned } from '../../../src/bridge/operations/stored.ts'
import { anAccepted } from '../../help/operations.ts'

const id = newId()
const interned = new Interned()
const place = { partition: 2, offset: 7, seq: 1 }

test('an operation is opened as it was accepted', () => {
  for (const over of [
    {},
    { holds: { scope: 's', fingerprint: 'f' } },
    { target: { topic: 't', partition: 3, key: 'a2V5' } },
  ]) {
    const accepted = anAccepted(over)
    const { partition, begun, keys, ...opened } = new Entry(id, accepted, place, interned).open()
    deepEqual(opened.accepted, accepted)
    deepEqual([partition, begun, keys, opened.progress, opened.ending], [2, 7, [id], null, null])
  }
})

test('it is due when it expires, and after its end when it may be forgotten', () => {
  const entry = new Entry(id, anAccepted({ expires: 5_000, keepMs: 1_000 }), place, interned)
  deepEqual([entry.due, entry.ended], [5_000, false])
  entry.end({ kind: 'cancelled', at: 3_000 }, `${id}/a`, 9, interned)
  deepEqual([entry.due, entry.ended, versionOf(entry.open())], [4_000, true, 9])
  entry.end({ kind: 'expired', at: 9_000 }, `${id}/b`, 10, interned)
  deepEqual([entry.due, entry.open().keys], [4_000, [id, `${id}/a`, `${id}/b`]])
})

test('it weighs more with its reply', () => {
  const entry = new Entry(id, anAccepted(), place, interned)
  const before = entry.bytes
  const reply = { status: 200, headers: [], body: Buffer.alloc(500) }
  entry.end({ kind: 'completed', reply, at: 1, lateMs: 0 }, `${id}/a`, 8, interned)
  equal(entry.bytes - before, 500)
})

test('an entry that is written down comes back as it was', () => {
  const entry = new Entry(id, anAccepted({ holds: { scope: 's', fingerprint: 'f' } }), place, interned)
  const again = (): Entry => Entry.thawed(id, entry.frozen(), interned)
  deepEqual(again().open(), entry.open())
  entry.progress({ kind: 'progress', percent: 5, note: 'é', at: 1 }, `${id}/progress`, 8)
  const reply = { status: 201, headers: [['content-type', 'image/png']] as const, body: Uint8Array.of(0, 255) }
  entry.end({ kind: 'completed', reply, at: 2, lateMs: 0 }, `${id}/a`, 9, interned)
  const { ending, ...opened } = again().open()
  const { ending: _, ...wanted } = entry.open()
  deepEqual(opened, wanted)
  deepEqual(
    [ending?.offset, ending?.said.kind === 'completed' && ending.said.reply()],
    [9, { ...reply, body: Buffer.from(reply.body) }],
  )
})
