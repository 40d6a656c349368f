import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import type { Sampler } from '@opentelemetry/sdk-trace'

/** The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name; the SDK reads neither. By default as the parent, else always. */
export function samplerOf(env: NodeJS.ProcessEnv): Sampler {
  const name = env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on'
  const [, based, own = ''] = /^(parentbased_)?(.*)$/.exec(name) ?? []
  const root = samplers[own]?.(ratioOf(env['OTEL_TRACES_SAMPLER_ARG']))
  if (root === undefined)
    throw new Error(
      `OTEL_TRACES_SAMPLER is ${JSON.stringify(name)}, expected one of ${Object.keys(samplers).join(', ')}, or one of them behind parentbased_.`,
    )
  return based === undefined ? root : new ParentBasedSampler({ root })
}

const samplers: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: ratio => new TraceIdRatioBasedSampler(ratio),
}

function ratioOf(text: string | undefined): number {
  if (text === undefined) return 1
  const ratio = Number(text)
  if (text.trim() === '' || !(ratio >= 0 && ratio <= 1))
    throw new Error(`OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(text)}, expected a number from 0 to 1.`)
  return ratio
}
