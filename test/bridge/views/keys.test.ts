import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { SortedKeys } from '../../../src/bridge/views/keys.ts'

test('keys are walked in order from anywhere, whatever was added and taken away', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.string({ maxLength: 3 })), { maxLength: 300 })
  fc.assert(
    fc.property(steps, fc.string({ maxLength: 3 }), (given, from) => {
      const keys = new SortedKeys()
      const wanted = new Set<string>()
      for (const [adds, key] of given) {
        if (adds) keys.add(key)
        else keys.delete(key)
        if (adds) wanted.add(key)
        else wanted.delete(key)
      }
      equal(keys.size, wanted.size)
      deepEqual([...keys.from(from)], [...wanted].filter(key => key >= from).sort())
    }),
  )
})

test('pieces split and vanish', () => {
  const keys = new SortedKeys()
  const all = Array.from({ length: 5_000 }, (_, n) => String((n * 7_919) % 5_000).padStart(4, '0'))
  for (const key of all) keys.add(key)
  deepEqual([...keys.from('')], all.toSorted())
  for (const key of all.slice(0, 4_900)) keys.delete(key)
  deepEqual([...keys.from('')], all.slice(4_900).toSorted())
  for (const key of all) keys.delete(key)
  deepEqual([keys.size, [...keys.from('')]], [0, []])
})
