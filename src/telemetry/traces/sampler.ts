import { ROOT_CONTEXT } from '@opentelemetry/api'
import { AlwaysOffSampler, AlwaysOnSampler, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'
import type { SpanName } from '../../trace.ts'

/** Whether a call below this span, or with none the first of its trace, is told of. */
export type Sampling = (parent: SpanName | null, traceId: string) => boolean

/**
 * What `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name; the SDK reads neither. By default as the parent, else always. It is
 * asked before a span is made: most calls are told of to nobody, and for the SDK to find that out takes several microseconds.
 */
export function samplingOf(env: NodeJS.ProcessEnv): Sampling {
  const name = env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on'
  const [, based, own = ''] = /^(parentbased_)?(.*)$/.exec(name) ?? []
  const root = samplers[own]?.(ratioOf(env['OTEL_TRACES_SAMPLER_ARG']))
  if (root === undefined)
    throw new Error(
      `OTEL_TRACES_SAMPLER is ${JSON.stringify(name)}, expected one of ${Object.keys(samplers).join(', ')}, or one of them behind parentbased_.`,
    )
  return based === undefined
    ? (_parent, traceId) => root(traceId)
    : (parent, traceId) => (parent === null ? root(traceId) : (parent.traceFlags & 1) === 1)
}

type Root = (traceId: string) => boolean

const samplers: Readonly<Record<string, (ratio: number) => Root>> = {
  always_on: () => rootOf(new AlwaysOnSampler()),
  always_off: () => rootOf(new AlwaysOffSampler()),
  traceidratio: ratio => rootOf(new TraceIdRatioBasedSampler(ratio)),
}

/** None of these looks at more than the id of the trace. */
const rootOf =
  (sampler: AlwaysOnSampler | AlwaysOffSampler | TraceIdRatioBasedSampler): Root =>
  traceId =>
    sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED

function ratioOf(text: string | undefined): number {
  if (text === undefined) return 1
  const ratio = Number(text)
  if (text.trim() === '' || !(ratio >= 0 && ratio <= 1))
    throw new Error(`OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(text)}, expected a number from 0 to 1.`)
  return ratio
}
