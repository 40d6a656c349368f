import type { Pair } from './call.ts'
import type { Instant } from './clock.ts'

/** What a call says of itself when its span begins. */
export type Traced = Readonly<{ method: string; template: string; path: string; started: Instant }>

/**
 * Begins the span of a call: takes the trace context of its request, and returns the one that its record carries. What it
 * returns stands for the span until the call has ended.
 */
export type Tracing = (context: readonly Pair[], call: Traced) => readonly Pair[]

/** A span as its name travels. */
export type SpanName = Readonly<{ traceId: string; spanId: string; traceFlags: number }>

const name = 'traceparent'
const sampled = 1

/** The span that a `traceparent` names (W3C Trace Context); null when it is none. */
export function spanNamed(traceparent: string | undefined): (SpanName & Readonly<{ isRemote: true }>) | null {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & sampled, isRemote: true }
}

/** The `traceparent` of a trace context. */
export const traceparentIn = (context: readonly Pair[]): string | undefined =>
  context.find(([known]) => known === name)?.[1]

/** The span that a trace context names, which has been checked; null without one. */
export function spanIn(context: readonly Pair[]): (SpanName & Readonly<{ isRemote: true }>) | null {
  const parent = traceparentIn(context)
  if (parent === undefined) return null
  const traceFlags = Number.parseInt(parent.slice(53, 55), 16) & sampled
  return { traceId: parent.slice(3, 35), spanId: parent.slice(36, 52), traceFlags, isRemote: true }
}

/** The id of the trace, where it is sampled: somebody can look at it. */
export function sampledTrace(context: readonly Pair[]): string | null {
  if (context.length === 0) return null
  const span = traceparentIn(context)
  return span?.endsWith('1') === true ? span.slice(3, 35) : null // the context has been checked
}

/** The same context below another span. */
export const contextBelow = ({ traceId, spanId, traceFlags }: SpanName, context: readonly Pair[]): readonly Pair[] => [
  [name, `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`],
  ...context.filter(([known]) => known !== name),
]
