import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { Segment, weigh } from '../../../src/bridge/memory/segment.ts'

const bytes = fc.uint8Array({ maxLength: 40 })
const someContent = fc.record({
  key: fc.option(bytes),
  value: fc.option(fc.oneof(bytes, fc.uint8Array({ minLength: 5_000, maxLength: 70_000 })), { freq: 8 }),
  headers: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'sluice-x'), bytes), { maxLength: 5 }),
})
const plain = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString('hex'))

test('what was packed comes out as it went in, whatever came before and after it', () => {
  fc.assert(
    fc.property(fc.array(someContent, { maxLength: 20 }), contents => {
      const segments: Segment[] = []
      contents.forEach((one, i) => {
        if (segments.at(-1)?.append(one, i, 7.5 + i) === true) return
        segments.push(Segment.after(segments.at(-1), i, one))
        equal(segments.at(-1)!.append(one, i, 7.5 + i), true, 'a new one has room for the record that it is made for')
      })
      contents.forEach((one, i) => {
        const segment = segments.findLast(({ base }) => base <= i)!
        const { key, value, headers } = segment.read(i - segment.base)
        deepEqual([plain(key), plain(value)], [plain(one.key), plain(one.value)])
        deepEqual(
          headers.map(([name, header]) => [name, plain(header)]),
          one.headers.map(([name, header]) => [name, plain(header)]),
        )
        deepEqual([segment.weight(i - segment.base), segment.timestamp(i - segment.base)], [i, 7.5 + i])
      })
    }),
    { numRuns: 60 },
  )
})

test('every reading has bytes of its own', () => {
  const segment = new Segment(0, 100)
  segment.append({ key: null, value: Buffer.from('value'), headers: [] }, 0, 0)
  segment.read(0).value!.fill(0)
  equal(String(segment.read(0).value), 'value')
  throws(() => segment.read(1), RangeError)
})

test('a segment takes no record that would not fit as a whole', () => {
  const segment = new Segment(0, 100)
  const of = (length: number) => ({ key: null, value: Buffer.alloc(length), headers: [] })
  equal(segment.append(of(50), 0, 0), true)
  equal(segment.append(of(50), 0, 0), false)
  equal(segment.append(of(1), 0, 0), true)
  equal(segment.count, 2)
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
