import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { isTraceparent, traceOf } from '../../src/routes/trace.ts'

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('a valid context travels on as it came', () => {
  deepEqual(traceOf({ traceparent: parent, tracestate: 'a=1', baggage: 'k=v' }), [
    ['traceparent', parent],
    ['tracestate', 'a=1'],
    ['baggage', 'k=v'],
  ])
})

test('a state without a valid parent stays behind, baggage does not', () => {
  deepEqual(traceOf({ traceparent: 'x', tracestate: 'a=1', baggage: 'k=v' }), [['baggage', 'k=v']])
  deepEqual(traceOf({ tracestate: 'a=1' }), [])
  deepEqual(traceOf({}), [])
})

test('what is too long or not printable stays behind', () => {
  deepEqual(traceOf({ traceparent: parent, tracestate: 'a'.repeat(5_000), baggage: 'k=\u00e9' }), [
    ['traceparent', parent],
  ])
})

for (const wrong of [
  '',
  parent.toUpperCase(),
  parent.slice(1),
  `${parent}-x`,
  `ff${parent.slice(2)}`,
  parent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
  parent.replace('b7ad6b7169203331', '0'.repeat(16)),
  parent.replaceAll('-', '_'),
  `cc${parent.slice(2)}x`,
  `cc${parent.slice(2)}-\u0001`,
])
  test(`${JSON.stringify(wrong)} is no traceparent`, () => equal(isTraceparent(wrong), false))

test('a later version may say more', () => equal(isTraceparent(`cc${parent.slice(2)}-what-comes`), true))
