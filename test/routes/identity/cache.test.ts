import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Cache } from '../../../src/routes/identity/cache.ts'

test('the cache is bounded, and what was not used for longest goes first', () => {
  const cache = new Cache<number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  equal(cache.get('a'), 1)
  cache.set('c', 3)
  deepEqual([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 2])
  cache.delete('a')
  equal(cache.get('a'), undefined)
  cache.clear()
  equal(cache.size, 0)
})
