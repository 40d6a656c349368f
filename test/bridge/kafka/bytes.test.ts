import { test } from 'node:test'
import { equal, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { Malformed, Reader, Writer, varintSize } from '../../../src/bridge/kafka/bytes.ts'

test('what was written is read back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string(),
      (number, long, text) => {
        const out = new Writer(4)
        out.varint(number)
        out.int32(number)
        out.int64(long)
        out.string(text)
        const from = new Reader(out.bytes)
        equal(from.varint(), number)
        equal(from.int32(), number)
        equal(from.int64(), long)
        equal(from.string(), Buffer.from(text).toString())
        equal(from.left, 0)
      },
    ),
  )
})

test('the size of a varint is known before it is written', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), number => {
      const out = new Writer()
      out.varint(number)
      equal(varintSize(number), out.at)
    }),
  )
})

test('a varlong is read exactly', () => {
  const zigzag = (value: bigint): Buffer => {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    const all: number[] = []
    do {
      all.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
      rest >>= 7n
    } while (rest > 0n)
    return Buffer.from(all)
  }
  fc.assert(fc.property(fc.maxSafeInteger(), value => equal(new Reader(zigzag(BigInt(value))).varlong(), value)))
})

test('reading beyond the end is Malformed, and never hangs', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.constantFrom('int8', 'int16', 'int32', 'int64', 'string', 'varint', 'varlong'),
      (bytes, what) => {
        const from = new Reader(Buffer.from(bytes))
        try {
          for (;;) {
            const before = from.at
            from[what as 'varint']()
            if (from.at === before) throw new Error('no progress')
          }
        } catch (error) {
          equal(error instanceof Malformed, true, String(error))
        }
      },
    ),
  )
  throws(() => new Reader(Buffer.from([0x7f, 0xff, 0xff, 0xff])).array(() => 0), Malformed)
})
