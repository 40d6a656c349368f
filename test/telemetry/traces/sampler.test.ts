import { test } from 'node:test'
import { match, throws } from 'node:assert/strict'
import { samplerOf } from '../../../src/telemetry/traces/sampler.ts'

const named = (name?: string, arg?: string): string =>
  samplerOf({
    ...(name !== undefined && { OTEL_TRACES_SAMPLER: name }),
    ...(arg !== undefined && { OTEL_TRACES_SAMPLER_ARG: arg }),
  }).toString()

test('a sampler is chosen by the variables of OpenTelemetry', () => {
  match(named('always_off'), /^AlwaysOffSampler/)
  match(named('traceidratio', '0.01'), /^TraceIdRatioBased\{0\.01\}/)
  match(named(), /^ParentBased\{root=AlwaysOnSampler/)
  match(named('parentbased_traceidratio', '0.5'), /^ParentBased\{root=TraceIdRatioBased\{0\.5\}/)
})

test('what is none is told with those that there are', () => {
  throws(() => named('sometimes'), /expected one of always_on, always_off, traceidratio/)
  throws(() => named('traceidratio', 'half'), /expected a number from 0 to 1/)
})
