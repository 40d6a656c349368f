import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import type { Resource } from '@opentelemetry/resources'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { ATTR_SERVICE_INSTANCE_ID } from '@opentelemetry/semantic-conventions/incubating'

/** Who sends: the instance, with what the environment adds. */
export function resourceOf(instance: string, env: NodeJS.ProcessEnv): Resource {
  const named = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: env['OTEL_SERVICE_NAME'] ?? 'sluice',
    [ATTR_SERVICE_INSTANCE_ID]: instance,
  })
  return defaultResource()
    .merge(named)
    .merge(detectResources({ detectors: [envDetector] }))
}

/** Throws an Error of one sentence for a protocol that is not here; `signal` is `TRACES` or `METRICS`. */
export function checkProtocol(signal: string, env: NodeJS.ProcessEnv): void {
  const protocol = env[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf'
  if (protocol !== 'http/protobuf')
    throw new Error(`The OTLP protocol is ${JSON.stringify(protocol)}, expected http/protobuf: others are not here.`)
}
