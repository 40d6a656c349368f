import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'
import type { Pair, Reply } from '../call.ts'
import { contextBelow, spanNamed, traceparentIn } from '../trace.ts'
import type { Command } from './command.ts'

const system = { 'messaging.system': 'kafka' } as const

/**
 * Spans of a worker, by whatever OpenTelemetry SDK its process has registered; without one they cost nothing and say nothing.
 * The handler runs within the CONSUMER span of its command, and the reply carries the PRODUCER span of its sending.
 */
export class WorkerTracing {
  readonly #spans = new WeakMap<readonly Pair[], Span>()

  /** Runs the handler of a command within its span. */
  async within<T>(command: Command, run: () => Promise<T>): Promise<T> {
    const { topic, partition, offset } = command.place
    const attributes = {
      ...system,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': Number(offset),
      ...(command.id !== null && { 'messaging.message.id': command.id }),
    }
    const parent = contextOf(command.trace)
    const span = tracer().startSpan(`process ${topic}`, { kind: SpanKind.CONSUMER, attributes }, parent)
    if (!span.isRecording()) return await run()
    this.#spans.set(command.trace, span)
    try {
      return await context.with(trace.setSpan(parent, span), run)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message })
      throw error
    } finally {
      span.end()
    }
  }

  /** Sends the reply to a command within a span of its own, with the trace context that it is to carry. */
  async sending<T>(
    of: readonly Pair[],
    topic: string,
    { status }: Reply,
    send: (trace: readonly Pair[]) => Promise<T>,
  ): Promise<T> {
    const consumer = this.#spans.get(of)
    if (consumer === undefined) return await send(of)
    this.#spans.delete(of)
    const attributes = {
      ...system,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'http.response.status_code': status,
    }
    const options = { kind: SpanKind.PRODUCER, attributes }
    const span = tracer().startSpan(`send ${topic}`, options, trace.setSpan(ROOT_CONTEXT, consumer))
    try {
      return await send(contextBelow(span.spanContext(), of))
    } finally {
      span.end()
    }
  }
}

const tracer = () => trace.getTracer('sluice/worker')

/** Below the span that the command names. */
function contextOf(pairs: readonly Pair[]): typeof ROOT_CONTEXT {
  const parent = spanNamed(traceparentIn(pairs))
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
}
