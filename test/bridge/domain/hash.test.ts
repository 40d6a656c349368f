import { test } from 'node:test'
import { equal, notEqual } from 'node:assert/strict'
import { hashOf } from '../../../src/bridge/domain/hash.ts'

test('a hash is the same for the same text, spreads like ones, and is unsigned', () => {
  equal(hashOf('o-1'), hashOf('o-1'))
  notEqual(hashOf('o-1'), hashOf('o-1', 7))
  const places = new Set(Array.from({ length: 1_000 }, (_, i) => hashOf(`o-${i}`) & 1_023))
  equal(places.size > 550, true, `${places.size} places`) // by chance 638
  for (let i = 0; i < 1_000; i++) equal(hashOf(`o-${i}`) >= 0, true)
})
