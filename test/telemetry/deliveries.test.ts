import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { Config } from '../../config/schema/index.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'

test('attempts to deliver are counted by receiver and result, and timed', async () => {
  const callbacks = { receivers: { shop: { origin: 'https://a.example' } } }
  using metrics = openMetrics(Config.parse({ routes: {}, operations: { callbacks } }), () => 0)
  for (const result of ['delivered', 'delivered', 'slowed'] as const)
    events.delivery.publish({ receiver: 'callbacks.shop', result, ms: 20, detail: '' })
  const lines = (await metrics.text())
    .split('\n')
    .filter(line => /^sluice_deliver(ies_total|y_seconds_count)/.test(line))
  deepEqual(
    lines.filter(line => !line.endsWith(' 0')),
    [
      'sluice_deliveries_total{receiver="callbacks.shop",result="delivered"} 2',
      'sluice_deliveries_total{receiver="callbacks.shop",result="slowed"} 1',
      'sluice_delivery_seconds_count{receiver="callbacks.shop"} 3',
    ],
  )
})
