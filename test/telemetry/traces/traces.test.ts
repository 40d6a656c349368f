import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { SpanKind } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { now } from '../../../src/clock.ts'
import { events } from '../../../src/events.ts'
import { Problem } from '../../../src/problem.ts'
import { Traces } from '../../../src/telemetry/traces/traces.ts'
import { aCall } from '../../help/call.ts'
import { aRecord } from '../../help/record.ts'
import type { Scope } from '../../help/scope.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const parent = `00-${traceId}-${spanId}-01`
const call = { method: 'POST', template: '/orders', path: '/orders', started: now() }
type Trace = ReturnType<Traces['begin']>

function tracing(t: Scope, sampled = true) {
  const exporter = new InMemorySpanExporter()
  const traces = new Traces({ sampling: () => sampled, spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  t.after(() => traces[Symbol.asyncDispose]())
  const spans = (): Readonly<Record<string, ReadableSpan>> =>
    Object.fromEntries(exporter.getFinishedSpans().map(span => [SpanKind[span.kind], span]))
  return { traces, spans }
}

/** Tells that a call with this trace context has ended. */
function finish(trace: Trace, part: Readonly<Record<string, unknown>> = {}, problem: Problem | null = null): void {
  const told = aCall()
  const progress = { ...told.progress, sendings: 1, publishMs: 2, workerMs: 5, outcome: 'sent' as const, ...part }
  events.finished.publish({
    call: { ...told, told: { ...told.told, trace }, progress },
    id: told.id,
    route: 'place-order',
    method: 'POST',
    status: problem?.spec.status ?? 201,
    outcome: progress.outcome,
    problem,
    ms: 10,
    clientGone: false,
  })
}

const partsOf = (pairs: Trace): readonly string[] =>
  (pairs.find(([name]) => name === 'traceparent')?.[1] ?? '').split('-')

test('request, record and reply are one trace, below the one that the client began', t => {
  const { traces, spans } = tracing(t)
  const pairs = traces.begin(
    [
      ['traceparent', parent],
      ['baggage', 'k=v'],
    ],
    call,
  )
  const [, id, producer = ''] = partsOf(pairs)
  deepEqual([id, pairs.at(-1)], [traceId, ['baggage', 'k=v']])
  const worker = 'aaaaaaaaaaaaaaaa'
  finish(pairs, { reply: aRecord({ headers: [['traceparent', Buffer.from(`00-${traceId}-${worker}-01`)]] }) })
  const { SERVER: server, PRODUCER: record, CONSUMER: reply } = spans()
  equal(server?.parentSpanContext?.spanId, spanId)
  equal(record?.spanContext().spanId, producer, 'the record names the span that sent it')
  equal(record?.parentSpanContext?.spanId, server?.spanContext().spanId)
  equal(reply?.parentSpanContext?.spanId, worker, 'the reply is below what the worker sent')
  for (const span of [server, record, reply]) equal(span?.spanContext().traceId, traceId)
  equal(server?.name, 'POST /orders')
  equal(server?.attributes['http.response.status_code'], 201)
  equal(record?.attributes['messaging.operation.type'], 'send')
})

test('a reply of another trace is below the record that it answers', t => {
  const { traces, spans } = tracing(t)
  finish(traces.begin([], call), { reply: aRecord({ headers: [['traceparent', Buffer.from(parent)]] }) })
  const { PRODUCER: record, CONSUMER: reply } = spans()
  equal(reply?.parentSpanContext?.spanId, record?.spanContext().spanId)
  notEqual(reply?.spanContext().traceId, traceId)
})

test('a refusal is an event of the request, and what was never sent has no span', t => {
  const { traces, spans } = tracing(t)
  const problem = new Problem('bulkhead-full', 'x', { policy: 'bulkhead', retryAfterMs: 1_000 })
  finish(traces.begin([], call), { sendings: 0, outcome: 'not-sent', queueMs: 7 }, problem)
  const { SERVER: server, ...others } = spans()
  deepEqual(Object.keys(others), [])
  deepEqual(
    server?.events.map(({ name, attributes }) => [name, attributes?.['sluice.policy']]),
    [
      ['bulkhead.waited', undefined],
      ['refused', 'bulkhead'],
    ],
  )
  equal(server?.attributes['error.type'], 'bulkhead-full')
})

test('what is not sampled travels on, marked so, and makes no span', t => {
  const { traces, spans } = tracing(t, false)
  const pairs = traces.begin([['traceparent', parent]], call)
  const [, id, , flags] = partsOf(pairs)
  deepEqual([id, flags], [traceId, '00'])
  finish(pairs)
  deepEqual(Object.keys(spans()), [])
})
