import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { ATTR_SERVICE_INSTANCE_ID } from '@opentelemetry/semantic-conventions/incubating'
import { samplerOf } from './sampler.ts'
import { Traces } from './traces.ts'

/** Traces that go to the OTLP endpoint of the environment, over HTTP. Throws an Error of one sentence for a variable that cannot be. */
export function openTraces(instance: string, env: NodeJS.ProcessEnv): Traces {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf'
  if (protocol !== 'http/protobuf')
    throw new Error(`The OTLP protocol is ${JSON.stringify(protocol)}, expected http/protobuf: others are not here.`)
  const named = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: env['OTEL_SERVICE_NAME'] ?? 'sluice',
    [ATTR_SERVICE_INSTANCE_ID]: instance,
  })
  return new Traces({
    sampler: samplerOf(env),
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
}
