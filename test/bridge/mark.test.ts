import { test } from 'node:test'
import { deepEqual, match, throws } from 'node:assert/strict'
import { markOf, marksOf } from '../../src/bridge/mark.ts'

test('marks say what was seen, one or several', () => {
  const [a, b] = [markOf('orders', 3, 41n, 0), markOf('a.b-c_d', 0, 9_007_199_254_740_000n, 77)]
  match(a, /^[\w-]+$/)
  deepEqual(marksOf(`${a}, ${b}`), [
    { topic: 'orders', partition: 3, next: 42, log: 0 },
    { topic: 'a.b-c_d', partition: 0, next: 9_007_199_254_740_001, log: 77 },
  ])
})

test('what is no mark is refused', () => {
  const mark = markOf('orders', 3, 41n, 0)
  for (const text of [
    '',
    'x',
    mark.slice(1),
    `${mark},`,
    Buffer.from('orders 3 42 abc').toString('base64url'),
    'x'.repeat(9_000),
    markOf('orders', 3, 41n, -1),
  ])
    throws(() => marksOf(text), { code: 'invalid-request' }, text)
})
