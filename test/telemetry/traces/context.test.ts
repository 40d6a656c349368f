import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { spanContextOf, traceparentOf, valueOf } from '../../../src/telemetry/traces/context.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

test('a traceparent names a span, and is written back the same', () => {
  const context = spanContextOf(`00-${traceId}-${spanId}-01`)
  deepEqual(context, { traceId, spanId, traceFlags: 1, isRemote: true })
  equal(context === null ? '' : traceparentOf(context), `00-${traceId}-${spanId}-01`)
})

test('what is no traceparent names none', () => {
  for (const text of [undefined, '', 'x', `00-${'0'.repeat(32)}-${spanId}-01`, `00-${traceId}-${'0'.repeat(16)}-01`])
    equal(spanContextOf(text), null, text)
})

test('a pair is found by its name', () => {
  equal(valueOf([['a', '1']], 'a'), '1')
  equal(valueOf([['a', '1']], 'b'), undefined)
})
