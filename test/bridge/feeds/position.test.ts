import { test } from 'node:test'
import { deepEqual, match, ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { codecOf } from '../../../src/bridge/feeds/position.ts'
import { logOf } from '../../../src/bridge/past.ts'

const codec = codecOf('orders', ['a', 'b'])
const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const offsets = fc.tuple(fc.array(offset, { maxLength: 20 }), fc.array(offset, { maxLength: 20 }))
const logs = fc.tuple(fc.nat(), fc.nat())
const unknown = [0, 0]

test('a position says the same again, in characters that fit into headers, URLs and events', () => {
  fc.assert(
    fc.property(offsets, logs, (offsets, logs) => {
      const text = codec.encode({ offsets, logs })
      match(text, /^[A-Za-z0-9_-]+$/)
      deepEqual(codec.decode(text), { offsets: [...offsets], logs: [...logs] })
    }),
  )
})

test('a position over six partitions of a million records each is short', () => {
  const logs = [logOf('Vt4LCPqGTHCXJ6vSXDmWGw'), 0]
  ok(codec.encode({ offsets: [Array<number>(6).fill(1_000_000), []], logs }).length <= 44)
})

test('no change of a position goes unnoticed', () => {
  const text = codec.encode({ offsets: [[1, 2, 3], [4]], logs: unknown })
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'A' ? 'B' : 'A'
    throws(() => codec.decode(text.slice(0, at) + other + text.slice(at + 1)), { code: 'invalid-request' })
  }
  for (const piece of ['', 'A', text.slice(1), text.slice(0, -1), `${text}=`, `${text} `, text + text])
    throws(() => codec.decode(piece), { code: 'invalid-request' }, piece)
})

test('whatever is given for a position is refused without harm', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), text => throws(() => codec.decode(text), { code: 'invalid-request' })),
  )
})

test('a position of another route, or of other topics, is told apart', () => {
  const text = codec.encode({ offsets: [[1], [2]], logs: unknown })
  for (const other of [codecOf('other', ['a', 'b']), codecOf('orders', ['a', 'c'])])
    throws(() => other.decode(text), /another route/)
})
