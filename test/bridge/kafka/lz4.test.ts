import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { unlz4 } from '../../../src/bridge/kafka/lz4.ts'

const { compress } = createRequire(import.meta.url)('lz4js') as { compress: (plain: Uint8Array) => Uint8Array }
const garbage = { name: 'Undecodable', kind: 'garbage' }
const limit = 10_000_000
const contents = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 200 })), { maxLength: 20 })
  .map(parts => Buffer.concat(parts.flatMap(([part, times]) => Array.from({ length: times }, () => part))))

/** A frame of blocks of at most 64 KiB; `plain` is the mark of one that is not compressed. */
const plain = 0x8000_0000
type Block = readonly [mark: number, bytes: readonly number[]]
function frame(blocks: readonly Block[], flags = 0x40): Buffer {
  const parts = blocks.flatMap(([mark, bytes]) => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(mark + bytes.length)
    return [size, Buffer.from(bytes), Buffer.alloc((flags & 0x10) === 0 ? 0 : 4)]
  })
  const head = [0x04, 0x22, 0x4d, 0x18, flags, 0x40, ...((flags & 0x08) === 0 ? [] : [9, 0, 0, 0, 0, 0, 0, 0]), 0]
  return Buffer.concat([Buffer.from(head), ...parts, Buffer.alloc(4)])
}
/** A literal of one byte, a match of `15 + 255 · n + 4` bytes, and the literal that every block ends in. */
const swollen = (n: number): readonly number[] => [0x1f, 7, 1, 0, ...Array.from({ length: n }, () => 255), 0, 0x10, 8]

test('what another implementation has folded comes back', () => {
  fc.assert(fc.property(contents, content => deepEqual(unlz4(compress(content), limit), content)))
})

test('blocks of both kinds, linked ones, checksums and a length in the header are understood', () => {
  const blocks: readonly Block[] = [
    [plain, [1, 2, 3]],
    [0, [0x10, 4, 4, 0, 0x10, 5]],
  ]
  for (const flags of [0x40, 0x48, 0x50, 0x5c])
    deepEqual([...unlz4(frame(blocks, flags), limit)], [1, 2, 3, 4, 1, 2, 3, 4, 5])
})

test('more than the limit is too large before anything is allocated', t => {
  const alloc = t.mock.method(Buffer, 'allocUnsafe')
  const bomb = frame(Array.from({ length: 1_000 }, () => [0, swollen(250)] as const))
  throws(() => unlz4(bomb, limit), { name: 'Undecodable', kind: 'too-large' })
  equal(alloc.mock.callCount(), 0)
})

test('a block larger than its frame allows is garbage, and allocates nothing', t => {
  const alloc = t.mock.method(Buffer, 'allocUnsafe')
  throws(() => unlz4(frame([[0, swollen(60_000)]]), 100 * limit), garbage)
  equal(alloc.mock.callCount(), 0)
})

test('what is cut off or out of range is garbage', () => {
  const broken: Record<string, Buffer> = {
    'nothing at all': Buffer.alloc(0),
    'another magic': Buffer.from([0x05, 0x22, 0x4d, 0x18, 0x40, 0x40, 0, 0, 0, 0, 0]),
    'another version': frame([], 0x80),
    'a dictionary': frame([], 0x41),
    'no end': frame([[plain, [1]]]).subarray(0, -4),
    'a cut block': frame([[plain, [1, 2, 3]]]).subarray(0, -6),
    'a cut literal': frame([[0, [0x30, 1, 2]]]),
    'a cut length of a literal': frame([[0, [0xf0, 255]]]),
    'a cut match': frame([[0, [0x10, 1, 1]]]),
    'a cut length of a match': frame([[0, [0x1f, 1, 1, 0, 255]]]),
    'a match of distance 0': frame([[0, [0x10, 1, 0, 0, 0x10, 1]]]),
    'a match from before the beginning': frame([[0, [0x10, 1, 2, 0, 0x10, 1]]]),
    'a block that ends in a match': frame([[0, [0x10, 1, 1, 0]]]),
  }
  for (const [name, bytes] of Object.entries(broken)) throws(() => unlz4(bytes, limit), garbage, name)
})

test('any bytes end in a result within the limit, or in Undecodable', () => {
  const block: fc.Arbitrary<Block> = fc.tuple(
    fc.constantFrom(0, plain),
    fc.array(fc.nat({ max: 255 }), { maxLength: 40 }),
  )
  const frames = fc.array(block, { maxLength: 5 }).map(blocks => frame(blocks))
  fc.assert(
    fc.property(fc.oneof(frames, fc.uint8Array({ maxLength: 100 })), bytes => {
      try {
        equal(unlz4(bytes, 1_000).length <= 1_000, true)
      } catch (error) {
        equal((error as Error).name, 'Undecodable')
      }
    }),
    { numRuns: 3_000 },
  )
})
