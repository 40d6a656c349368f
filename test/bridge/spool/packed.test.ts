import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { pack, unpack } from '../../../src/bridge/spool/packed.ts'

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

test('the time after which a client has left is none for an event that waits', () => {
  const headers = [['sluice-expires', Buffer.from('1')] as const, ['ce_id', Buffer.from('a')] as const]
  deepEqual(unpack(pack(headers)), [['ce_id', Buffer.from('a')]])
})
