import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Interned, StoredReply } from '../../../src/bridge/operations/stored.ts'

const headers = [['content-type', 'image/png']] as const

test('a reply comes out as it went in, whatever its bytes', () => {
  for (const size of [0, 256, 100_000]) {
    const body = Uint8Array.from({ length: size }, (_, i) => i % 256)
    const stored = new StoredReply({ status: 201, headers, body }, new Interned())
    const opened = stored.open()
    deepEqual([opened.status, opened.headers, [...opened.body]], [201, headers, [...body]])
    equal(stored.bytes, size)
  }
})

test('a large body is a copy: the batch that it came in is not kept alive', () => {
  const batch = Buffer.alloc(1_000_000)
  const stored = new StoredReply({ status: 200, headers, body: batch.subarray(0, 20_000) }, new Interned())
  equal(stored.open().body.buffer.byteLength, 20_000)
})

test('texts are kept once, and not for ever', () => {
  const interned = new Interned()
  for (let i = 0; i < 30_000; i++) equal(interned.of(String(i)), String(i))
})
