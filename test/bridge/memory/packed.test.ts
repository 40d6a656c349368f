import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { Packer, unpack, weigh } from '../../../src/bridge/memory/packed.ts'

const bytes = fc.uint8Array({ maxLength: 40 })
const content = fc.record({
  key: fc.option(bytes),
  value: fc.option(fc.oneof(bytes, fc.uint8Array({ minLength: 5_000, maxLength: 70_000 })), { freq: 8 }),
  headers: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'sluice-x'), bytes), { maxLength: 5 }),
})
const plain = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString('hex'))

test('what was packed comes out as it went in, whatever came before and after it', () => {
  fc.assert(
    fc.property(fc.array(content, { maxLength: 20 }), contents => {
      const packer = new Packer()
      const packed = contents.map(one => packer.pack(one, 0, 7))
      packed.forEach((one, i) => {
        const { key, value, headers } = unpack(one)
        deepEqual([plain(key), plain(value)], [plain(contents[i]!.key), plain(contents[i]!.value)])
        deepEqual(
          headers.map(([name, header]) => [name, plain(header)]),
          contents[i]!.headers.map(([name, header]) => [name, plain(header)]),
        )
      })
    }),
    { numRuns: 60 },
  )
})

test('every unpacking has bytes of its own', () => {
  const one = new Packer().pack({ key: null, value: Buffer.from('value'), headers: [] }, 0, 0)
  unpack(one).value!.fill(0)
  equal(String(unpack(one).value), 'value')
})

test('records with the same header names share the list of them, others do not', () => {
  const packer = new Packer()
  const named = (...names: string[]) =>
    packer.pack({ key: null, value: null, headers: names.map(name => [name, Buffer.from('')] as const) }, 0, 0).names
  const first = named('a', 'b')
  equal(named('a', 'b'), first)
  notEqual(named('b', 'a'), first)
  deepEqual(named('b'), ['b'])
})

test('the weight of a record grows with its key, value and headers', () => {
  const weight = (key: number, value: number, ...headers: number[]): number =>
    weigh({
      key: Buffer.alloc(key),
      value: Buffer.alloc(value),
      headers: headers.map(length => ['name', Buffer.alloc(length)] as const),
    })
  equal(weight(10, 20, 5) - weight(0, 0, 0), 35)
  equal(weight(0, 0, 0) - weight(0, 0) >= 'name'.length, true)
})
