import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { overlaid } from '../../src/lab/gateway.ts'

test('options are laid over others: objects merge, anything else is replaced', () => {
  deepEqual(overlaid({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] }, d: { e: 2 } }), {
    a: { b: 1, c: [3] },
    d: { e: 2 },
  })
})
