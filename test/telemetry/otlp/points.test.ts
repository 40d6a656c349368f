import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { DataPointType } from '@opentelemetry/sdk-metrics'
import { countActive } from '../../../src/telemetry/active.ts'
import { Meter } from '../../../src/telemetry/meter.ts'
import { namedOf, pointsOf } from '../../../src/telemetry/otlp/points.ts'

const span = { startTime: [1, 0], endTime: [2, 0] } as const

test('names are those of the conventions, and units leave the name', () => {
  deepEqual(
    [
      'http_server_request_duration_seconds',
      'http_server_active_requests',
      'sluice_calls_total',
      'sluice_spool_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ].map(namedOf),
    [
      { name: 'http.server.request.duration', unit: 's' },
      { name: 'http.server.active_requests', unit: '{request}' },
      { name: 'sluice.calls', unit: '1' },
      { name: 'sluice.spool.bytes', unit: 'By' },
      { name: 'nodejs.eventloop.delay.p99', unit: 's' },
    ],
  )
})

test('requests under way are a sum that may fall, with the attributes of the conventions', () => {
  const meter = new Meter()
  countActive(meter, { scheme: 'http', methods: () => ['GET'] })
  const [active] = meter.measured.map(each =>
    pointsOf(each, { startTime: [...span.startTime], endTime: [...span.endTime] }),
  )
  deepEqual(active, {
    ...active,
    dataPointType: DataPointType.SUM,
    isMonotonic: false,
    dataPoints: [{ ...span, attributes: { 'http.request.method': 'GET', 'url.scheme': 'http' }, value: 1 }],
  })
})

test('what is sent are the numbers that are shown, and an empty label is no attribute', () => {
  const meter = new Meter()
  const labels = ['http_route', 'http_response_status_code', 'error_type'] as const
  const took = meter.histogram({ name: 'http_x_seconds', help: 'X.', labels }, [1])
  took({ http_route: '/a', http_response_status_code: '201', error_type: '' }).observe(0.5)
  meter.gauge({ name: 'sluice_unknown', help: 'X.' })({}).value = Number.NaN
  const [histogram, gauge] = meter.measured.map(each =>
    pointsOf(each, { startTime: [...span.startTime], endTime: [...span.endTime] }),
  )
  deepEqual(histogram!.dataPoints, [
    {
      ...span,
      attributes: { 'http.route': '/a', 'http.response.status_code': 201 },
      value: { buckets: { boundaries: [1], counts: [1, 0] }, sum: 0.5, count: 1 },
    },
  ])
  deepEqual(gauge!.dataPoints, [], 'what is not known is not sent')
})
