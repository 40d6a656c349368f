import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { unsnappy } from '../../../src/bridge/kafka/snappy.ts'

const { compress } = createRequire(import.meta.url)('snappyjs') as { compress: (plain: Uint8Array) => Uint8Array }
const garbage = { name: 'Undecodable', kind: 'garbage' }
const limit = 1_000_000
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1])
const frame = (...chunks: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    magic,
    ...chunks.flatMap(chunk => [Buffer.from([0, 0, chunk.length >>> 8, chunk.length & 255]), chunk]),
  ])
/** Bytes with repetitions, so that both kinds of element occur. */
const contents = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 200 })), { maxLength: 20 })
  .map(parts => Buffer.concat(parts.flatMap(([part, times]) => Array.from({ length: times }, () => part))))

test('what another implementation has folded comes back, raw and in frames', () => {
  fc.assert(
    fc.property(contents, contents, (one, two) => {
      deepEqual(unsnappy(compress(one), limit), one)
      deepEqual(unsnappy(frame(compress(one), compress(two)), limit), Buffer.concat([one, two]))
    }),
  )
})

test('elements of every kind are understood', () => {
  // a literal of 4, a copy with one byte of distance, one with two, one with four, a literal with its length in two bytes
  const bytes = [
    4 + 4 + 5 + 6 + 3,
    3 << 2,
    1,
    2,
    3,
    4,
    0b001,
    4,
    (4 << 2) | 2,
    2,
    0,
    (5 << 2) | 3,
    1,
    0,
    0,
    0,
    61 << 2,
    2,
    0,
    7,
    8,
    9,
  ]
  deepEqual(
    [...unsnappy(Uint8Array.from(bytes), limit)],
    [1, 2, 3, 4, 1, 2, 3, 4, 3, 4, 3, 4, 3, 3, 3, 3, 3, 3, 3, 7, 8, 9],
  )
})

test('a promise above the limit is too large before anything is allocated', t => {
  const alloc = t.mock.method(Buffer, 'allocUnsafe')
  const zeros = compress(new Uint8Array(60_000))
  throws(() => unsnappy(zeros, 59_999), { name: 'Undecodable', kind: 'too-large' })
  throws(() => unsnappy(frame(zeros, zeros), 119_999), { name: 'Undecodable', kind: 'too-large' })
  equal(alloc.mock.callCount(), 0)
  equal(unsnappy(frame(zeros, zeros), 120_000).length, 120_000)
})

test('a promise that the input cannot hold is garbage, and allocates nothing', t => {
  const alloc = t.mock.method(Buffer, 'allocUnsafe')
  throws(() => unsnappy(Uint8Array.from([0xff, 0xff, 0x3f, 0, 0]), limit), garbage)
  equal(alloc.mock.callCount(), 0)
})

test('a literal with a negative length ends, where the package snappyjs loops for ever', () => {
  throws(() => unsnappy(Uint8Array.from([16, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0, 0]), limit), garbage)
})

test('what is cut off, out of range, or shorter than promised is garbage', () => {
  const broken: Record<string, readonly number[]> = {
    'nothing at all': [],
    'a length without an end': [0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    'a cut literal': [4, 3 << 2, 1, 2],
    'a cut distance': [8, 0, 1, (3 << 2) | 2, 1],
    'a copy from before the beginning': [8, 0, 1, 0b001, 2],
    'a copy of distance 0': [8, 0, 1, 0b001, 0],
    'a copy beyond the end': [4, 0, 1, 0b001, 1],
    'less than promised': [3, 0, 1],
    'a cut header of a frame': [...magic.subarray(0, 12)],
    'a cut length of a chunk': [...magic, 0, 0],
    'a cut chunk': [...magic, 0, 0, 0, 9, 1, 0, 1],
    'a copy from the chunk before': [...frame(Uint8Array.from([1, 0, 1]), Uint8Array.from([4, 0b001, 1]))],
  }
  for (const [name, bytes] of Object.entries(broken))
    throws(() => unsnappy(Uint8Array.from(bytes), limit), garbage, name)
})

test('any bytes end in a result within the limit, or in Undecodable', () => {
  const heads = fc.constantFrom(new Uint8Array(), magic)
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 200 }), (head, bytes) => {
      try {
        equal(unsnappy(Buffer.concat([head, bytes]), 1_000).length <= 1_000, true)
      } catch (error) {
        equal((error as Error).name, 'Undecodable')
      }
    }),
    { numRuns: 3_000 },
  )
})

test('a changed byte never reaches beyond the result, nor memory that was not written', () => {
  fc.assert(
    fc.property(contents, fc.nat(), fc.nat({ max: 255 }), (content, place, byte) => {
      const folded = compress(content)
      folded[place % folded.length] = byte
      try {
        const first = unsnappy(folded, limit)
        deepEqual(unsnappy(folded, limit), first)
      } catch (error) {
        equal((error as Error).name, 'Undecodable')
      }
    }),
    { numRuns: 1_000 },
  )
})
