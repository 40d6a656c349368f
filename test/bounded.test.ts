import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BoundedMap } from '../src/bounded.ts'
import { heapOf } from './help/heap.ts'

const aStep = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key: fc.nat({ max: 12 }) }),
  fc.record({ kind: fc.constant('delete' as const), key: fc.nat({ max: 12 }) }),
  fc.record({ kind: fc.constant('clear' as const), key: fc.constant(0) }),
)

test('a bounded map drops the oldest, and keeps all others, whatever was deleted or set again meanwhile', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(aStep, { maxLength: 60 }), (most, steps) => {
      const map = new BoundedMap<number, number>(most)
      const plain = new Map<number, number>() // the same, by asking for its first key each time
      for (const [i, { kind, key }] of steps.entries()) {
        if (kind === 'clear') {
          map.clear()
          plain.clear()
        } else if (kind === 'delete') {
          map.delete(key)
          plain.delete(key)
        } else {
          const [oldest] = plain.keys()
          if (plain.size >= most && !plain.has(key) && oldest !== undefined) plain.delete(oldest)
          map.set(key, i)
          plain.set(key, i)
        }
        deepEqual([...map], [...plain])
        ok(map.size <= most)
      }
    }),
  )
})

test('a large one drops its oldest hundredth at once', () => {
  const map = new BoundedMap<number, number>(1_000)
  for (let key = 0; key < 1_000; key++) map.set(key, key)
  equal(map.size, 1_000)
  map.set(500, 0) // is there already
  equal(map.size, 1_000)
  map.set(1_000, 0)
  deepEqual(
    [...map.keys()],
    Array.from({ length: 991 }, (_, i) => i + 10),
  )
})

test('what was deleted again before it was full is held by nobody: a map that keeps an iterator keeps all its former tables', async () => {
  const bytes = await heapOf(() => {
    const map = new BoundedMap<string, object>(10_000)
    for (let i = 0; i < 200_000; i++) {
      map.set(`key ${i}`, { i })
      map.delete(`key ${i}`)
    }
    return map
  })
  ok(bytes < 2_000_000, `${bytes} bytes for an empty map`)
})
