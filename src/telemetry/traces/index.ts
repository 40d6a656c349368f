import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { checkProtocol, resourceOf } from '../otlp/resource.ts'
import { samplingOf } from './sampler.ts'
import { Traces } from './traces.ts'

/** Traces that go to the OTLP endpoint of the environment, over HTTP. Throws an Error of one sentence for a variable that cannot be. */
export function openTraces(instance: string, env: NodeJS.ProcessEnv): Traces {
  checkProtocol('TRACES', env)
  return new Traces({
    sampling: samplingOf(env),
    resource: resourceOf(instance, env),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
}
