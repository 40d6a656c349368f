import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { literal, repeat } from '../../../src/bridge/kafka/lz77.ts'

const small = fc.nat({ max: 300 })

test('a repetition is what copying byte by byte gives, also where it overlaps itself', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), small, small, (start, back, length) => {
      const distance = 1 + (back % start.length)
      const out = Buffer.concat([start, Buffer.alloc(length + 3, 0xee)])
      const expected = Buffer.from(out)
      for (let to = start.length; to < start.length + length; to++) expected[to] = expected[to - distance]!
      repeat(out, start.length, distance, length)
      deepEqual(out, expected)
    }),
  )
})

test('a literal is copied to its place and nowhere else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), small, small, (src, from, to) => {
      const at = Math.min(from, src.length)
      const out = Buffer.alloc(500, 0xee)
      literal(src, at, out, to, src.length - at)
      const expected = Buffer.alloc(500, 0xee)
      expected.set(src.subarray(at), to)
      deepEqual(out, expected)
    }),
  )
})
