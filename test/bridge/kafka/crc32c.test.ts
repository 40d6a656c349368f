import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import { crc32c } from '../../../src/bridge/kafka/crc32c.ts'

test('gives the check values of RFC 3720', () => {
  equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e)
})

test('eight bytes at a time are the same as one at a time', () => {
  const slow = (bytes: Uint8Array): number => {
    let crc = 0xffffffff
    for (const byte of bytes) {
      crc ^= byte
      for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    }
    return (crc ^ 0xffffffff) >>> 0
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => equal(crc32c(bytes), slow(bytes))))
})

test('covers just the part asked for', () => {
  equal(crc32c(Buffer.from('xx123456789yyy'), 2, 11), 0xe3069283)
})
