import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { SpanKind, trace } from '@opentelemetry/api'
import { AlwaysOnSampler, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { WorkerTracing } from '../../src/worker/tracing.ts'
import type { Command } from '../../src/worker/command.ts'
import type { Scope } from '../help/scope.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const place = { topic: 'orders.commands', partition: 3, offset: 7n }
const commandOf = (traceparent?: string): Command =>
  ({ id: 'c-1', place, trace: traceparent === undefined ? [] : [['traceparent', traceparent]] }) as unknown as Command
const reply = { status: 201, headers: [], body: new Uint8Array() }

/** The SDK of a worker's process, and what it was told. */
function registered(t: Scope): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(
    new TracerProvider({ sampler: new AlwaysOnSampler(), spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  )
  t.after(() => trace.disable())
  return exporter
}

test('without an SDK a reply carries the trace of its command', async () => {
  const tracing = new WorkerTracing()
  const command = commandOf(`00-${traceId}-${spanId}-01`)
  await tracing.within(command, async () => {})
  equal(await tracing.sending(command.trace, 'replies', reply, async said => said), command.trace)
})

test('with one the handler runs below the command, and the reply below the handler', async t => {
  const exporter = registered(t)
  const tracing = new WorkerTracing()
  const command = commandOf(`00-${traceId}-${spanId}-01`)
  await tracing.within(command, async () => {})
  const said = await tracing.sending(command.trace, 'replies', reply, async pairs => pairs)
  const [consumer, producer] = exporter.getFinishedSpans()
  deepEqual([consumer?.kind, producer?.kind], [SpanKind.CONSUMER, SpanKind.PRODUCER])
  equal(consumer?.parentSpanContext?.spanId, spanId)
  equal(producer?.parentSpanContext?.spanId, consumer?.spanContext().spanId)
  deepEqual(said, [['traceparent', `00-${traceId}-${producer?.spanContext().spanId}-01`]])
  equal(consumer?.attributes['messaging.destination.name'], 'orders.commands')
})

test('a handler that throws leaves its span with an error, and throws on', async t => {
  const exporter = registered(t)
  await rejects(
    new WorkerTracing().within(commandOf(), () => Promise.reject(new Error('no stock'))),
    /no stock/,
  )
  equal(exporter.getFinishedSpans()[0]?.status.message, 'no stock')
})
