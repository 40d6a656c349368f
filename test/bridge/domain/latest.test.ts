import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Latest } from '../../../src/bridge/domain/latest.ts'

test('what was added is known, and nothing else', () => {
  const latest = new Latest(16_384)
  for (let i = 0; i < 1_000; i++) latest.add(`e-${i}`)
  const known = Array.from({ length: 2_000 }, (_, i) => latest.has(`e-${i}`))
  deepEqual(
    known.slice(1_000),
    Array.from({ length: 1_000 }, () => false),
  )
  equal(known.slice(990, 1_000).every(Boolean), true)
  equal(known.filter(Boolean).length > 950, true)
  equal(latest.has(''), false)
})

test('the latest at a place is remembered, so that memory is bounded', () => {
  const latest = new Latest(1)
  latest.add('a')
  latest.add('b')
  deepEqual([latest.has('a'), latest.has('b')], [false, true])
})
