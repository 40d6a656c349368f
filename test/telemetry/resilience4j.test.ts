import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'
import { aCall } from '../help/call.ts'
import { Metrics } from '../help/metrics.ts'
import { config, counted } from './counted.ts'

const named = (lines: readonly string[]): readonly string[] => lines.filter(line => line.includes('name="orders"'))

test('a circuit is in one of the states that resilience4j knows', async () => {
  const state = async (happen: () => void) => named(await counted('resilience4j_circuitbreaker_state', happen))
  const open = { circuit: 'orders', from: 'closed', to: 'open', reason: 'x' } as const
  const is = (name: string): string[] => [`resilience4j_circuitbreaker_state{name="orders",state="${name}"} 1`]
  deepEqual(await state(() => {}), is('closed'))
  deepEqual(await state(() => events.circuit.publish(open)), is('open'))
  deepEqual(await state(() => events.circuit.publish({ ...open, to: 'half-open' })), is('half_open'))
  for (const [forced, name] of [
    ['open', 'forced_open'],
    ['closed', 'disabled'],
    ['observe', 'metrics_only'],
  ] as const)
    deepEqual(await state(() => events.forced.publish({ circuit: 'orders', forced })), is(name))
})

test('what the open circuit refused is not permitted', async () => {
  const refused = { route: 'place-order', worker: 'orders', problem: new Problem('circuit-open', 'x'), observed: false }
  deepEqual(
    await counted('resilience4j_circuitbreaker_not', () => {
      events.refused.publish({ ...refused, policy: 'gate' })
      events.refused.publish({ ...refused, policy: 'breaker', observed: true })
      events.refused.publish({ ...refused, policy: 'quota', problem: new Problem('rate-limited', 'x') })
    }),
    ['resilience4j_circuitbreaker_not_permitted_calls_total{name="orders",kind="not_permitted"} 1'],
  )
})

test('rates are of the verdicts in the window, and none is −1', async () => {
  const circuits = () => [
    { name: 'orders', verdicts: 4, failures: 1, slow: 2 },
    { name: 'cluster', verdicts: 0, failures: 0, slow: 0 },
  ]
  using metrics = openMetrics(config, () => 0, { circuits })
  const seen = new Metrics(await metrics.text())
  const of = (part: string, labels: Record<string, string>) => seen.sum(`resilience4j_circuitbreaker_${part}`, labels)
  deepEqual(
    [
      of('failure_rate', { name: 'orders' }),
      of('slow_call_rate', { name: 'orders' }),
      of('failure_rate', { name: 'cluster' }),
    ],
    [25, 50, -1],
  )
  deepEqual(of('buffered_calls', { name: 'orders', kind: 'successful' }), 3)
})

test('free slots are those of the limit that nobody holds', async () => {
  deepEqual(
    named(
      await counted('resilience4j_bulkhead', () => {
        events.occupied.publish({ worker: 'orders', inFlight: 1, waiting: 0 })
        events.limited.publish({ worker: 'orders', limit: 5, floorMs: null, sampleMs: 0 })
      }),
    ),
    [
      'resilience4j_bulkhead_max_allowed_concurrent_calls{name="orders"} 5',
      'resilience4j_bulkhead_available_concurrent_calls{name="orders"} 4',
    ],
  )
})

test('calls are told by whether they were sent again and whether a reply came', async () => {
  const call = aCall()
  call.progress.sendings = 2
  const happened = {
    call,
    id: '1',
    route: 'find',
    method: 'GET',
    status: 200,
    outcome: 'sent',
    ms: 1,
    clientGone: false,
  } as const
  deepEqual(await counted('resilience4j_retry', () => events.finished.publish({ ...happened, problem: null })), [
    'resilience4j_retry_calls_total{name="orders",kind="successful_with_retry"} 1',
  ])
})
