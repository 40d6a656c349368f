import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import type { Attributes, Context, Span, SpanContext, Tracer } from '@opentelemetry/api'
import { AlwaysOnSampler, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace'
import type { IdGenerator, TracerProviderOptions } from '@opentelemetry/sdk-trace'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions'
import {
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_DESTINATION_PARTITION_ID,
  ATTR_MESSAGING_KAFKA_OFFSET,
  ATTR_MESSAGING_MESSAGE_ID,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM,
} from '@opentelemetry/semantic-conventions/incubating'
import type { Call, Pair } from '../../call.ts'
import { now } from '../../clock.ts'
import type { Happenings } from '../../events.ts'
import { contextBelow, spanIn, spanNamed } from '../../trace.ts'
import type { Tracing } from '../../trace.ts'
import { listen } from '../listen.ts'
import type { Sampling } from './sampler.ts'

type Finished = Happenings['finished']
/** The span of a running call, and the id that its record names as the sender. */
type Running = Readonly<{ server: Span; producerId: string }>

/** Ids of spans that are told apart from others before they are made. */
class Ids implements IdGenerator {
  readonly #random = new RandomIdGenerator()
  next: string | null = null
  nextTrace: string | null = null

  readonly generateTraceId = (): string => {
    const id = this.nextTrace ?? this.#random.generateTraceId()
    this.nextTrace = null
    return id
  }
  readonly generateSpanId = (): string => {
    const id = this.next ?? this.#random.generateSpanId()
    this.next = null
    return id
  }
}

export type TracesOptions = Omit<TracerProviderOptions, 'idGenerator' | 'sampler'> & Readonly<{ sampling: Sampling }>

/**
 * One trace for each call: the request (SERVER), the record (PRODUCER) whose id travels with it, and the reply (CONSUMER) below
 * whatever the worker said. What happened to a call is known when it ends, so only the first is made while it runs.
 */
export class Traces implements AsyncDisposable {
  readonly #ids = new Ids()
  readonly #sampling: Sampling
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #running = new WeakMap<readonly Pair[], Running>()
  readonly #listening: Disposable

  constructor({ sampling, ...options }: TracesOptions) {
    this.#sampling = sampling
    this.#provider = new TracerProvider({ ...options, sampler: new AlwaysOnSampler(), idGenerator: this.#ids })
    this.#tracer = this.#provider.getTracer('sluice')
    this.#listening = listen({ finished: happened => this.#finish(happened) })
  }

  readonly begin: Tracing = (context, { method, template, path, started }) => {
    const parent = spanIn(context)
    const traceId = parent === null ? this.#ids.generateTraceId() : parent.traceId
    const producerId = this.#ids.generateSpanId()
    if (!this.#sampling(parent, traceId)) return contextBelow({ traceId, spanId: producerId, traceFlags: 0 }, context)
    const attributes = { [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_HTTP_ROUTE]: template, [ATTR_URL_PATH]: path }
    const options = { kind: SpanKind.SERVER, startTime: started, attributes }
    if (parent === null) this.#ids.nextTrace = traceId
    const server = this.#tracer.startSpan(`${method} ${template}`, options, below(parent))
    const pairs = contextBelow({ traceId, spanId: producerId, traceFlags: TraceFlags.SAMPLED }, context)
    this.#running.set(pairs, { server, producerId })
    return pairs
  }

  #finish(happened: Finished): void {
    const { call } = happened
    const running = call === null ? undefined : this.#running.get(call.told.trace)
    if (call === null || running === undefined) return
    this.#running.delete(call.told.trace)
    const { server, producerId } = running
    const at = now()
    const context = trace.setSpan(below(null), server)
    this.#tellRecord(call, happened, context, producerId, at)
    this.#tellPolicies(happened, call, server)
    server.setAttributes({
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: happened.status,
      'sluice.outcome': happened.outcome,
      'sluice.call.id': happened.id,
    })
    if (happened.problem !== null) server.setAttribute(ATTR_ERROR_TYPE, happened.problem.code)
    else if (happened.status >= 500) server.setAttribute(ATTR_ERROR_TYPE, String(happened.status))
    if (happened.status >= 500)
      server.setStatus({
        code: SpanStatusCode.ERROR,
        message: happened.problem?.message ?? `Status ${happened.status}.`,
      })
    server.end(at)
  }

  /** The record, if it was sent, and its reply, if one came. */
  #tellRecord(
    { topic, partition, command, progress, started }: Call,
    { problem }: Finished,
    context: Context,
    id: string,
    at: number,
  ): void {
    const { sendings, queueMs, publishMs, workerMs, reply, outcome } = progress
    if (sendings === 0) return
    const repliedAt = reply === null ? null : at
    const begun = repliedAt === null ? started + queueMs : repliedAt - workerMs - publishMs
    this.#ids.next = id
    const producer = this.#tracer.startSpan(
      `send ${topic}`,
      {
        kind: SpanKind.PRODUCER,
        startTime: begun,
        attributes: { ...messaging('send', topic, partition), [ATTR_MESSAGING_MESSAGE_ID]: command },
      },
      context,
    )
    if (outcome !== 'sent' && problem !== null) {
      producer.setAttribute(ATTR_ERROR_TYPE, problem.code)
      producer.setStatus({ code: SpanStatusCode.ERROR, message: problem.message })
    }
    producer.end(begun + publishMs)
    if (reply === null) return
    const parent = this.#parentOf(reply.headers, producer.spanContext())
    const attributes = {
      ...messaging('process', reply.topic, reply.partition),
      [ATTR_MESSAGING_KAFKA_OFFSET]: Number(reply.offset),
    }
    const options = { kind: SpanKind.CONSUMER, startTime: begun + publishMs + workerMs, attributes }
    this.#tracer.startSpan(`process ${reply.topic}`, options, below(parent)).end(at)
  }

  /** Who sent the reply, where it says so within the same trace; else our own record. */
  #parentOf(headers: readonly (readonly [string, Uint8Array])[], own: SpanContext): SpanContext {
    const said = headers.find(([name]) => name === 'traceparent')?.[1]
    const sender = said === undefined ? null : spanNamed(Buffer.from(said).toString('latin1'))
    return sender?.traceId === own.traceId ? { ...sender, traceFlags: TraceFlags.SAMPLED } : own
  }

  #tellPolicies({ problem }: Finished, { progress }: Call, server: Span): void {
    if (progress.queueMs > 0) server.addEvent('bulkhead.waited', { 'sluice.wait.ms': progress.queueMs })
    if (progress.sendings > 1) server.addEvent('sent.again', { 'sluice.sendings': progress.sendings })
    if (problem === null) return
    const { policy, code, retryAfterMs } = problem
    server.addEvent(policy === undefined ? 'failed' : 'refused', {
      'sluice.problem': code,
      ...(policy !== undefined && { 'sluice.policy': policy }),
      ...(retryAfterMs !== undefined && { 'sluice.retry_after.ms': retryAfterMs }),
    })
  }

  /** Sends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]()
    await this.#provider.shutdown().catch(() => {}) // nobody listens: the calls were served all the same
  }
}

/** A context below the span; without one, the root. */
const below = (span: SpanContext | null): Context =>
  span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span)

const messaging = (operation: 'send' | 'process', topic: string, partition: number): Attributes => ({
  [ATTR_MESSAGING_SYSTEM]: 'kafka',
  [ATTR_MESSAGING_OPERATION_NAME]: operation,
  [ATTR_MESSAGING_OPERATION_TYPE]: operation,
  [ATTR_MESSAGING_DESTINATION_NAME]: topic,
  [ATTR_MESSAGING_DESTINATION_PARTITION_ID]: String(partition),
})
