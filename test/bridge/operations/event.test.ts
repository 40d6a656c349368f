import { test } from 'node:test'
import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { isId, newId, read, write } from '../../../src/bridge/operations/event.ts'
import type { Event } from '../../../src/bridge/operations/event.ts'
import { anAccepted } from '../../help/operations.ts'
import { aRecord, bytes } from '../../help/record.ts'

const written = (id: string, event: Event) => {
  const { key, value, headers } = write(id, event)
  return read(aRecord({ key: bytes(key), value, headers }))
}

test('each event is read as it was written', () => {
  const id = newId()
  const events: readonly Event[] = [
    anAccepted({ holds: { scope: 'a', fingerprint: 'b' } }),
    { kind: 'progress', percent: 12.5, note: 'Straße', at: 5 },
    { kind: 'failed', code: 'bad-reply', detail: 'x', outcome: 'sent', at: 5 },
    { kind: 'cancelled', at: 5 },
    { kind: 'expired', at: 5 },
  ]
  for (const event of events) deepEqual(written(id, event)?.event, event)
})

test('a reply keeps its status, headers and bytes', () => {
  const body = Uint8Array.of(0, 255, 1)
  const headers = [
    ['content-type', 'image/png'],
    ['location', '/ö'],
  ] as const
  const told = written(newId(), { kind: 'completed', reply: { status: 404, headers, body }, at: 7, lateMs: 3 })
  deepEqual(told?.event, { kind: 'completed', reply: { status: 404, headers, body }, at: 7, lateMs: 3 })
})

test('events that compete have keys of their own, so that compaction keeps the first', () => {
  const id = newId()
  const expired: Event = { kind: 'expired', at: 1 }
  notEqual(write(id, expired).key, write(id, expired).key)
  const progress: Event = { kind: 'progress', percent: 1, note: '', at: 1 }
  equal(write(id, progress).key, write(id, progress).key)
  equal(write(id, anAccepted()).key, id)
})

test('an id holds 128 random bits and begins with a letter', () => {
  match(newId(), /^o[\w-]{22}$/)
  equal(isId(newId()), true)
  for (const text of ['', 'x', newId().slice(1), `${newId()}x`, `o${' '.repeat(22)}`]) equal(isId(text), false)
})

test("what is none of the log's events is passed over", () => {
  const id = newId()
  const none = [
    aRecord(),
    aRecord({ key: bytes('mark'), value: null }),
    aRecord({ key: bytes(id) }),
    aRecord({ key: bytes(id), value: bytes('{'), headers: [['sluice-event', bytes('accepted')]] }),
    aRecord({ key: bytes(id), headers: [['sluice-event', bytes('exploded')]] }),
  ]
  for (const record of none) equal(read(record), null)
  deepEqual(read(aRecord({ key: bytes(id), value: null })), { id, key: id, event: 'forgotten' })
})
