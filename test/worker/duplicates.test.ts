import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Reply } from '../../src/call.ts'
import { Duplicates } from '../../src/worker/duplicates.ts'
import { frozenClock } from '../help/clock.ts'

const reply = (bytes: number): Reply => ({ status: 200, headers: [['a', 'b']], body: new Uint8Array(bytes) })
const options = { count: 3, bytes: 1e6, ageMs: 1_000 }

test('an answer is known until it is too old, however often it is asked for', async t => {
  const clock = frozenClock(t)
  const known = new Duplicates(options)
  const answer = reply(1)
  known.set('a', answer)
  await clock.advance(600)
  equal(known.get('a'), answer)
  await clock.advance(400)
  equal(known.get('a'), answer)
  await clock.advance(1)
  equal(known.get('a'), null)
  deepEqual([known.size, known.bytes], [0, 0])
})

test('beyond the count the one asked for least lately is forgotten', () => {
  const known = new Duplicates(options)
  for (const id of ['a', 'b', 'c']) known.set(id, reply(1))
  known.get('a')
  known.set('d', reply(1))
  deepEqual(
    ['a', 'b', 'c', 'd'].map(id => known.get(id) !== null),
    [true, false, true, true],
  )
})

test('whatever is kept, count and bytes stay within their limits, and what is larger than all is not kept', () => {
  const steps = fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      bytes: fc.integer({ min: 0, max: 3_000 }),
      asks: fc.boolean(),
    }),
  )
  fc.assert(
    fc.property(steps, steps => {
      const known = new Duplicates({ count: 4, bytes: 5_000, ageMs: 1e9 })
      for (const { id, bytes, asks } of steps) {
        if (asks) known.get(id)
        else {
          const kept = reply(bytes)
          known.set(id, kept)
          equal(known.get(id), kept)
        }
        ok(known.size <= 4 && known.bytes <= 5_000 && known.bytes >= 0)
      }
      known.set('huge', reply(5_000))
      equal(known.get('huge'), null)
    }),
  )
})
