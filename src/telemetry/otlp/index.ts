import type { HrTime } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { MetricProducer } from '@opentelemetry/sdk-metrics'
import { wallClock } from '../../clock.ts'
import type { Meter } from '../meter.ts'
import { pointsOf } from './points.ts'
import { checkProtocol, resourceOf } from './resource.ts'

const usualMs = 60_000

/**
 * Sends the numbers of /metrics to the OTLP endpoint of the environment, over HTTP, until it is closed. Throws an Error of one
 * sentence for a variable that cannot be.
 */
export function exportMetrics(meter: Meter, instance: string, env: NodeJS.ProcessEnv): AsyncDisposable {
  checkProtocol('METRICS', env)
  const everyMs = Number(env['OTEL_METRIC_EXPORT_INTERVAL'] ?? usualMs)
  if (!(everyMs >= 100))
    throw new Error(
      `OTEL_METRIC_EXPORT_INTERVAL is ${JSON.stringify(env['OTEL_METRIC_EXPORT_INTERVAL'])}, expected milliseconds from 100.`,
    )
  const resource = resourceOf(instance, env)
  const startTime = hrTime(wallClock() - 1_000 * process.uptime())
  const producer: MetricProducer = {
    collect: () => {
      const span = { startTime, endTime: hrTime(wallClock()) }
      const metrics = meter.measured.map(measured => pointsOf(measured, span))
      const scopeMetrics = [{ scope: { name: 'sluice' }, metrics }]
      return Promise.resolve({ resourceMetrics: { resource, scopeMetrics }, errors: [] })
    },
  }
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: everyMs,
    exportTimeoutMillis: Math.min(everyMs, 10_000),
    metricProducers: [producer],
  })
  const provider = new MeterProvider({ resource, readers: [reader] })
  return {
    // what is left is sent; nobody may listen, and the numbers were at /metrics all the same
    [Symbol.asyncDispose]: () => provider.shutdown().catch(() => {}),
  }
}

const hrTime = (epochMs: number): HrTime => [Math.floor(epochMs / 1_000), Math.round((epochMs % 1_000) * 1e6)]
