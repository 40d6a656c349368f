import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { events } from '../../src/events.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'
import { Metrics } from '../help/metrics.ts'

test('domain events are counted by what they were', async t => {
  const { routes, workers } = Config.parse({
    workers: { orders: { topic: 'orders.commands' } },
    routes: {
      place: {
        match: 'POST /orders',
        command: { to: 'orders', key: 'body.id' },
        replies: { topic: 'orders.events', outcomes: { Placed: 201 } },
      },
    },
  })
  const metrics = openMetrics({ routes, workers }, () => 0)
  t.after(() => metrics[Symbol.dispose]())
  for (const name of ['answered', 'answered', 'nobody'] as const)
    events.domainEvent.publish({ topic: 'orders.events', class: name })
  const seen = new Metrics(await metrics.text())
  deepEqual(
    ['answered', 'nobody', 'unmatched'].map(name => seen.sum('sluice_domain_events_total', { class: name })),
    [2, 1, 0],
  )
})
