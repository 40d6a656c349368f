import { ValueType } from '@opentelemetry/api'
import type { Attributes, HrTime } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics'
import type { MetricData } from '@opentelemetry/sdk-metrics'
import {
  METRIC_HTTP_SERVER_ACTIVE_REQUESTS,
  METRIC_PROCESS_CPU_TIME,
  METRIC_PROCESS_MEMORY_USAGE,
  METRIC_NODEJS_EVENTLOOP_DELAY_MAX,
  METRIC_NODEJS_EVENTLOOP_DELAY_P50,
  METRIC_NODEJS_EVENTLOOP_DELAY_P99,
  METRIC_V8JS_GC_DURATION,
  METRIC_V8JS_MEMORY_HEAP_USED,
} from '@opentelemetry/semantic-conventions/incubating'
import type { Measured } from '../meter.ts'

/** What the conventions call metrics that Prometheus knows by other names. */
const conventional: Readonly<Record<string, string>> = {
  http_server_active_requests: METRIC_HTTP_SERVER_ACTIVE_REQUESTS,
  nodejs_eventloop_lag_max_seconds: METRIC_NODEJS_EVENTLOOP_DELAY_MAX,
  nodejs_eventloop_lag_p50_seconds: METRIC_NODEJS_EVENTLOOP_DELAY_P50,
  nodejs_eventloop_lag_p99_seconds: METRIC_NODEJS_EVENTLOOP_DELAY_P99,
  nodejs_gc_duration_seconds: METRIC_V8JS_GC_DURATION,
  nodejs_heap_size_used_bytes: METRIC_V8JS_MEMORY_HEAP_USED,
  process_cpu_seconds_total: METRIC_PROCESS_CPU_TIME,
  process_resident_memory_bytes: METRIC_PROCESS_MEMORY_USAGE,
}
const attributeOf = (label: string): string =>
  /^(http|messaging|error|url)_/.test(label) ? label.replaceAll('_', '.').replace('status.code', 'status_code') : label

/** The name and the unit of a metric over OTLP: `sluice_calls_total` is `sluice.calls`. */
export function namedOf(name: string): Readonly<{ name: string; unit: string }> {
  const bare = name.replace(/_total$/, '')
  const unit = bare.endsWith('_requests')
    ? '{request}'
    : bare.endsWith('_seconds')
      ? 's'
      : bare.endsWith('_bytes')
        ? 'By'
        : '1'
  // bytes stay in the name: beside them there may be a count of the same things
  return { name: conventional[name] ?? bare.replace(/_seconds$/, '').replaceAll('_', '.'), unit }
}

/** The series of a metric as OTLP takes them: the same numbers that /metrics shows. */
export function pointsOf({ name, kind, help, cells, spreads, bounds, refresh }: Measured, span: Span): MetricData {
  refresh()
  const descriptor = { ...namedOf(name), description: help, valueType: ValueType.DOUBLE }
  const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE }
  const point = <T>(labels: Readonly<Record<string, string>>, value: T) => ({
    ...span,
    attributes: attributesOf(labels),
    value,
  })
  if (kind === 'histogram')
    return {
      ...common,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: spreads.map(({ labels, counts, sum }) => {
        const count = counts.reduce((all, some) => all + some, 0)
        return point(labels, { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count })
      }),
    }
  const dataPoints = cells.filter(({ value }) => !Number.isNaN(value)).map(({ labels, value }) => point(labels, value))
  return kind === 'counter' || name === 'http_server_active_requests'
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter', dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
}

/** From the start of the process until now. */
export type Span = Readonly<{ startTime: HrTime; endTime: HrTime }>

const attributesOf = (labels: Readonly<Record<string, string>>): Attributes =>
  Object.fromEntries(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .map(([label, value]) => [attributeOf(label), label.endsWith('status_code') ? Number(value) : value]),
  )
