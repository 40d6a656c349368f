import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import type { Context, SpanContext } from '@opentelemetry/api'
import type { Pair } from '../../call.ts'

/** The span that a `traceparent` names (W3C Trace Context); null when it is none. */
export function spanContextOf(traceparent: string | undefined): SpanContext | null {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true }
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

/** A context below the span; without one, the root. */
export const below = (span: SpanContext | null): Context =>
  span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span)

export const valueOf = (pairs: readonly Pair[], name: string): string | undefined =>
  pairs.find(([known]) => known === name)?.[1]
