import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Latest } from '../../../src/bridge/domain/latest.ts'

test('the latest are remembered, and memory is bounded', () => {
  const latest = new Latest(3)
  for (const text of ['a', 'b', 'c', 'd', 'e']) latest.add(text)
  deepEqual(
    ['a', 'c', 'e', 'f'].map(text => latest.has(text)),
    [true, true, true, false],
  )
  latest.add('f')
  deepEqual([latest.has('c'), latest.has('d'), latest.has('f')], [false, true, true])
})
