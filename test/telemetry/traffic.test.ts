import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Meter } from '../../src/telemetry/meter.ts'
import { Traffic, quantile } from '../../src/telemetry/traffic.ts'

test('a quantile lies within its bucket, and there is none of nothing', () => {
  const bounds = [0.01, 0.1, 1]
  equal(quantile(0.5, [0, 0, 0, 0], bounds), null)
  equal(quantile(0.5, [2, 0, 0, 0], bounds), 5)
  equal(quantile(0.5, [0, 4, 0, 0], bounds), 55)
  equal(quantile(0.99, [0, 0, 0, 4], bounds), 1_000)
})

test('what was counted between two looks is the traffic of that time', () => {
  const meter = new Meter()
  const spec = { help: 'x', labels: ['route', 'status'] } as const
  const total = meter.counter({ ...spec, name: 'sluice_calls_total' })
  const [good, bad] = [total({ route: 'a', status: '2xx' }), total({ route: 'b', status: '5xx' })]
  const took = meter.histogram({ name: 'sluice_call_duration_seconds', help: 'x', labels: ['result'] }, [0.01, 0.1])
  const spread = took({ result: 'reply' })
  good.value = 1_000
  using traffic = new Traffic(meter)
  traffic.look()
  equal(traffic.moments.length, 0, 'a sum is no traffic')
  good.value += 10
  spread.observe(0.005)
  traffic.look()
  const [moment] = traffic.moments
  equal(moment!.ok > 0, true)
  deepEqual([moment!.failed, moment!.p50Ms], [0, 5])
  bad.value++
  traffic.look()
  deepEqual([traffic.moments[1]!.ok, traffic.moments[1]!.failed > 0, traffic.rateOf('b') > 0], [0, true, true])
})
