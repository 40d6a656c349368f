import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { before, judged, keyOf } from '../../../src/worker/projection/rule.ts'
import type { Standing } from '../../../src/worker/projection/rule.ts'
import { pairs } from '../../help/record.ts'

const record = (offset: number, headers: Record<string, string>) => ({
  offset: BigInt(offset),
  headers: pairs(headers),
})

test('of two that expect the same version the first in the log counts', () => {
  const first = judged(before, record(4, { 'sluice-expected': '-1', 'sluice-decision': 'a' }))
  deepEqual(first, { version: 4, ids: ['a'] })
  equal(judged(first as Standing, record(5, { 'sluice-expected': '-1', 'sluice-decision': 'b' })), null)
  deepEqual(judged(first as Standing, record(6, { 'sluice-expected': '4', 'sluice-decision': 'c' })), {
    version: 6,
    ids: ['a', 'c'],
  })
})

test('a decision that comes again counts once, and what expects nothing always does', () => {
  const first = judged(before, record(0, { ce_id: 'a' })) as Standing
  equal(judged(first, record(1, { ce_id: 'a' })), null)
  equal(judged(first, record(1, { 'sluice-expected': '0', 'sluice-decision': 'a' })), null)
  deepEqual(judged(first, record(2, {})), { version: 2, ids: ['a'] })
})

test('an expectation that is no version never holds', () => {
  for (const expected of ['x', '', '0.5'])
    equal(judged({ version: 1, ids: [] }, record(2, { 'sluice-expected': expected })), null)
})

test('only keys that are text have a state', () => {
  equal(keyOf({ key: Buffer.from('Zoë') }), 'Zoë')
  equal(keyOf({ key: null }), null)
  equal(keyOf({ key: Buffer.of(0xff) }), null)
})

test('whatever is in a log, each version that counts is followed by at most one that expects it', () => {
  const written = fc.record({ expected: fc.integer({ min: -1, max: 12 }), id: fc.integer({ min: 0, max: 30 }) })
  fc.assert(
    fc.property(fc.array(written, { maxLength: 40 }), records => {
      const followed = new Set<number>()
      const ids: number[] = []
      let standing = before
      for (const [offset, { expected, id }] of records.entries()) {
        const next = judged(
          standing,
          record(offset, { 'sluice-expected': String(expected), 'sluice-decision': String(id) }),
        )
        if (next === null) continue
        equal(followed.has(expected), false)
        followed.add(expected)
        ids.push(id)
        standing = next
      }
      if (ids.length <= 16) equal(new Set(ids).size, ids.length)
    }),
  )
})
