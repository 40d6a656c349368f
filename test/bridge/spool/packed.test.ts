import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import type { EpochMs } from '../../../src/clock.ts'
import { kept, pack, unpack } from '../../../src/bridge/spool/packed.ts'

test('headers come back byte for byte, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.uint8Array())), headers => {
      deepEqual(
        unpack(pack(headers)).map(([name, value]) => [name, [...value]]),
        headers.map(([name, value]) => [name, [...value]]),
      )
    }),
  )
})

test('a row has its bytes in memory of its own: a body is a view of what a socket has read', () => {
  const read = Buffer.alloc(65_536, 'x')
  const record = { topic: 't', partition: 0, key: read.subarray(0, 3), value: read.subarray(10, 20), headers: [] }
  const { key, value } = kept({ ...record, acks: 'all', signal: new AbortController().signal }, 1 as EpochMs)
  deepEqual([String(Buffer.from(key ?? [])), key?.buffer.byteLength, value?.buffer.byteLength], ['xxx', 3, 10])
})

test('the time after which a client has left is none for an event that waits', () => {
  const headers = [['sluice-expires', Buffer.from('1')] as const, ['ce_id', Buffer.from('a')] as const]
  deepEqual(unpack(pack(headers)), [['ce_id', Buffer.from('a')]])
})
