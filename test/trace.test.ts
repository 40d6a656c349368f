import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { contextBelow, spanIn, spanNamed, traceparentIn } from '../src/trace.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

test('a traceparent names a span, and is written back the same', () => {
  const span = spanNamed(`00-${traceId}-${spanId}-01`)
  deepEqual(span, { traceId, spanId, traceFlags: 1, isRemote: true })
  deepEqual(span === null ? [] : contextBelow(span, []), [['traceparent', `00-${traceId}-${spanId}-01`]])
})

test('a checked context names the same span, and one without a traceparent none', () => {
  for (const flags of ['00', '01', 'ff'])
    deepEqual(
      spanIn([['traceparent', `00-${traceId}-${spanId}-${flags}`]]),
      spanNamed(`00-${traceId}-${spanId}-${flags}`),
    )
  equal(spanIn([['baggage', 'k=v']]), null)
})

test('what is no traceparent names none', () => {
  for (const text of [undefined, '', 'x', `00-${'0'.repeat(32)}-${spanId}-01`, `00-${traceId}-${'0'.repeat(16)}-01`])
    equal(spanNamed(text), null, text)
})

test('a context has another span, and keeps the rest', () => {
  const context = [
    ['traceparent', 'old'],
    ['baggage', 'k=v'],
  ] as const
  const below = contextBelow({ traceId, spanId, traceFlags: 0 }, context)
  deepEqual([traceparentIn(below), below.slice(1)], [`00-${traceId}-${spanId}-00`, [['baggage', 'k=v']]])
  equal(traceparentIn([['baggage', 'k=v']]), undefined)
})
