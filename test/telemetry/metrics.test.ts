import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Config } from '../../config/schema.ts'
import { events } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'

const config = Config.parse({
  workers: { orders: { topic: 'orders.commands', bulkhead: { slots: 7 } }, stock: { topic: 'stock.commands' } },
  routes: {
    'place-order': { match: 'POST /orders', command: { to: 'orders' } },
    find: { match: 'GET /find', query: { to: 'orders' }, retryOn: [503] },
    signal: { match: 'POST /signals', event: { topic: 'signals' } },
    mended: { match: 'GET /mended', query: { to: 'orders' }, fallback: [{ fixed: {} }] },
  },
})
const problem = new Problem('broker-unavailable', 'x')

/** The samples that are not zero once `happen` has run, by a part of their names. */
async function counted(part: string, happen: () => void, lost = 0): Promise<string[]> {
  using metrics = openMetrics(config, () => lost)
  happen()
  return (await metrics.text())
    .split('\n')
    .filter(line => line.startsWith(part) && !line.endsWith(' 0') && !line.includes('_bucket'))
}

test('a call is counted', async () => {
  const happened = { call: null, id: '1', route: 'place-order', method: 'POST', status: 201, problem: null } as const
  deepEqual(
    await counted('sluice_calls', () =>
      events.finished.publish({ ...happened, outcome: 'sent', ms: 1, clientGone: false }),
    ),
    ['sluice_calls_total{route="place-order",status="2xx",outcome="sent",code="none"} 1'],
  )
})

test('what answers in place of a worker is counted', async () => {
  deepEqual(
    await counted('sluice_fallbacks', () => {
      events.fallback.publish({ route: 'mended', kind: 'stale', result: 'missed' })
      events.fallback.publish({ route: 'mended', kind: 'fixed', result: 'answered' })
    }),
    [
      'sluice_fallbacks_total{route="mended",kind="stale",result="missed"} 1',
      'sluice_fallbacks_total{route="mended",kind="fixed",result="answered"} 1',
    ],
  )
})

test('a refusal is counted', async () => {
  const happened = {
    policy: 'quota',
    route: 'place-order',
    worker: 'orders',
    problem: new Problem('rate-limited', 'x'),
  } as const
  deepEqual(await counted('sluice_refusals', () => events.refused.publish({ ...happened, observed: false })), [
    'sluice_refusals_total{policy="quota",route="place-order",code="rate-limited"} 1',
  ])
})

test('slots and queues are gauges of the worker', async () => {
  const happen = (): void => {
    for (const [inFlight, waiting] of [
      [0, 1],
      [1, -1],
      [1, 0],
      [0, 1],
      [-1, 0],
    ] as const)
      events.occupied.publish({ worker: 'orders', inFlight, waiting })
  }
  deepEqual(await counted('sluice_in_flight', happen), ['sluice_in_flight{worker="orders"} 1'])
  deepEqual(await counted('sluice_waiting', happen), ['sluice_waiting{worker="orders"} 1'])
  deepEqual(await counted('sluice_slots', happen), [
    'sluice_slots{worker="orders"} 7',
    'sluice_slots{worker="stock"} 512',
  ])
})

test('the slots follow the adaptive limit, and its floor is shown', async () => {
  const happen = (): void => events.limited.publish({ worker: 'orders', limit: 5, floorMs: 20, sampleMs: 90 })
  deepEqual(await counted('sluice_slots', happen), [
    'sluice_slots{worker="orders"} 5',
    'sluice_slots{worker="stock"} 512',
  ])
  deepEqual(await counted('sluice_reply_floor', happen), ['sluice_reply_floor_seconds{worker="orders"} 0.02'])
})

test('a circuit is in one state, closed at first, and its changes are counted', async () => {
  const happen = (): void => {
    events.circuit.publish({ circuit: 'orders', from: 'closed', to: 'open', reason: '' })
    events.circuit.publish({ circuit: 'orders', from: 'open', to: 'half-open', reason: '' })
    events.circuit.publish({ circuit: 'cluster', from: 'closed', to: 'open', reason: '' })
  }
  deepEqual(await counted('sluice_circuit_state', happen), [
    'sluice_circuit_state{circuit="cluster",state="open"} 1',
    'sluice_circuit_state{circuit="orders",state="half-open"} 1',
    'sluice_circuit_state{circuit="stock",state="closed"} 1',
  ])
  deepEqual(await counted('sluice_circuit_changes', happen), [
    'sluice_circuit_changes_total{circuit="cluster",state="open"} 1',
    'sluice_circuit_changes_total{circuit="orders",state="half-open"} 1',
    'sluice_circuit_changes_total{circuit="orders",state="open"} 1',
  ])
})

test('a circuit that an operator holds shows as what', async () => {
  const happen = (): void => {
    events.forced.publish({ circuit: 'orders', forced: 'open' })
    events.forced.publish({ circuit: 'orders', forced: 'observe' })
    events.forced.publish({ circuit: 'cluster', forced: 'closed' })
    events.forced.publish({ circuit: 'stock', forced: 'open' })
    events.forced.publish({ circuit: 'stock', forced: null })
  }
  deepEqual(await counted('sluice_circuit_forced', happen), [
    'sluice_circuit_forced{circuit="cluster",as="closed"} 1',
    'sluice_circuit_forced{circuit="orders",as="observe"} 1',
  ])
})

test('replies are counted by class, and the time of the worker is measured', async () => {
  const happen = (): void => {
    events.reply.publish({ class: 'answered', worker: 'orders', ms: 250 })
    events.reply.publish({ class: 'late', worker: null, ms: null })
    events.reply.publish({ class: 'late', worker: null, ms: null })
  }
  deepEqual(await counted('sluice_replies', happen), [
    'sluice_replies_total{class="answered"} 1',
    'sluice_replies_total{class="late"} 2',
  ])
  deepEqual(await counted('sluice_reply_duration', happen), [
    'sluice_reply_duration_seconds_sum{worker="orders"} 0.25',
    'sluice_reply_duration_seconds_count{worker="orders"} 1',
  ])
})

test('repetitions are counted, those only observed apart', async () => {
  const happen = (): void => {
    const happened = { topic: 'orders.commands', attempt: 1, delayMs: 1, problem }
    events.retried.publish({ ...happened, observed: false })
    events.retried.publish({ ...happened, observed: true })
    events.retried.publish({ ...happened, observed: true })
    events.budgetSpent.publish({ topic: 'signals' })
  }
  deepEqual(await counted('sluice_retr', happen), [
    'sluice_retries_total{topic="orders.commands"} 1',
    'sluice_retry_budget_spent_total{topic="signals"} 1',
  ])
  deepEqual(await counted('sluice_observed_retries', happen), [
    'sluice_observed_retries_total{topic="orders.commands"} 2',
  ])
})

test('commands sent again are counted by worker, route and reason', async () => {
  const happen = (): void => {
    const happened = { worker: 'orders', route: 'find', kind: 'retry' } as const
    events.repeated.publish({ ...happened, observed: false })
    events.repeated.publish({ ...happened, kind: 'hedge', observed: true })
    events.repeated.publish({ ...happened, route: 'unheard-of', observed: false })
  }
  deepEqual(await counted('sluice_repetitions', happen), [
    'sluice_repetitions_total{worker="orders",route="find",kind="retry"} 1',
    'sluice_repetitions_total{worker="none",route="none",kind="retry"} 1',
  ])
  deepEqual(await counted('sluice_observed_repetitions', happen), [
    'sluice_observed_repetitions_total{worker="orders",route="find",kind="hedge"} 1',
  ])
})

test('the rules of faults that hold are counted', async () => {
  const rule = { rule: 'slow', kind: 'delay', percent: 5, route: null, worker: null, forMs: 1_000 } as const
  deepEqual(
    await counted('sluice_fault_rules', () => {
      for (const state of ['begun', 'begun', 'begun', 'time', 'cleared'] as const)
        events.faultRule.publish({ ...rule, state })
    }),
    ['sluice_fault_rules 1'],
  )
})

test('injected faults are counted by kind and route, and nothing is there before', async () => {
  deepEqual(await counted('sluice_faults_total', () => {}), [])
  const happen = (): void => {
    const happened = { kind: 'delay', rule: 'slow', route: 'find', worker: 'orders', observed: false } as const
    for (let i = 0; i < 2; i++) events.fault.publish(happened)
    events.fault.publish({ ...happened, kind: 'abort', route: 'unheard-of' })
    events.fault.publish({ ...happened, observed: true })
  }
  deepEqual(await counted('sluice_faults', happen), [
    'sluice_faults_total{kind="delay",route="find"} 2',
    'sluice_faults_total{kind="abort",route="none"} 1',
  ])
  deepEqual(await counted('sluice_observed_faults', happen), [
    'sluice_observed_faults_total{kind="delay",route="find"} 1',
  ])
})

test('produce requests are counted with what they carry', async () => {
  const happen = (): void => {
    events.produced.publish({ records: 12, bytes: 3_000, ms: 1.5, failed: 0 })
    events.produced.publish({ records: 2, bytes: 500, ms: 8.5, failed: 2 })
  }
  deepEqual(await counted('sluice_produce', happen), [
    'sluice_produce_duration_seconds_sum 0.01',
    'sluice_produce_duration_seconds_count 2',
    'sluice_produce_records_total 14',
    'sluice_produce_bytes_total 3500',
    'sluice_produce_failed_records_total 2',
  ])
})

test('the connection to the brokers is in one state, and what befalls the reader is counted', async () => {
  deepEqual(await counted('sluice_broker_state', () => {}), ['sluice_broker_state{state="connecting"} 1'])
  deepEqual(await counted('sluice_broker_state', () => events.broker.publish({ state: 'ready', reason: '' })), [
    'sluice_broker_state{state="ready"} 1',
  ])
  const happened = { topic: 'gateway.replies', partition: 0, reason: '', offset: null }
  deepEqual(await counted('sluice_reader', () => events.reader.publish({ ...happened, kind: 'skipped' })), [
    'sluice_reader_events_total{kind="skipped"} 1',
  ])
})

test('readiness follows the life of the gateway', async () => {
  const ready = async (...kinds: ('ready' | 'unready' | 'draining' | 'listening')[]): Promise<boolean> => {
    const happen = (): void => kinds.forEach(kind => events.lifecycle.publish({ kind, detail: '' }))
    return (await counted('sluice_ready', happen)).length === 1
  }
  deepEqual(
    [
      await ready(),
      await ready('ready'),
      await ready('ready', 'listening'),
      await ready('ready', 'unready'),
      await ready('ready', 'draining'),
    ],
    [false, true, true, false, false],
  )
})

test('what the process bears is shown by resource', async () => {
  const happen = (): void => {
    events.pressure.publish({ delay: 0.5, heap: 0.25, connections: 0, bytes: 2 })
    events.overload.publish({ shedding: true, detail: 'x' })
  }
  deepEqual(await counted('sluice_pressure', happen), [
    'sluice_pressure{resource="delay"} 0.5',
    'sluice_pressure{resource="heap"} 0.25',
    'sluice_pressure{resource="bytes"} 2',
  ])
  deepEqual(await counted('sluice_overloaded', happen), ['sluice_overloaded 1'])
})

test('warnings and lost lines are counted', async () => {
  deepEqual(await counted('sluice_warnings', () => events.warning.publish({ what: 'x', cause: null })), [
    'sluice_warnings_total 1',
  ])
  deepEqual(await counted('sluice_log', () => {}, 17), ['sluice_log_lines_lost_total 17'])
})

test('names that no configuration has add no series', async () => {
  using metrics = openMetrics(config, () => 0)
  const happen = (name: string): void => {
    events.occupied.publish({ worker: name, inFlight: 0, waiting: 0 })
    events.circuit.publish({ circuit: name, from: 'closed', to: 'open', reason: name })
    events.reply.publish({ class: 'answered', worker: name, ms: 0 })
    events.retried.publish({ topic: name, attempt: 1, delayMs: 1, problem, observed: false })
    events.budgetSpent.publish({ topic: name })
    events.reader.publish({ topic: name, partition: 0, kind: 'failed', reason: name, offset: null })
    events.warning.publish({ what: name, cause: name })
    events.fallback.publish({ route: name, kind: 'stale', result: 'missed' })
  }
  const series = async (): Promise<number> => (await metrics.text()).split('\n').length
  happen('first')
  const before = await series()
  for (let i = 0; i < 1_000; i++) happen(`canary-${i}`)
  equal(await series(), before)
  ok(!(await metrics.text()).includes('canary'))
})

test('nobody counts after the end', () => {
  const metrics = openMetrics(config, () => 0)
  const heard = Object.values(events).filter(channel => channel.hasSubscribers)
  equal(heard.length, Object.keys(events).length, 'every event has its metric')
  metrics[Symbol.dispose]()
  ok(Object.values(events).every(channel => !channel.hasSubscribers))
})

test('names follow the conventions of Prometheus', async () => {
  using metrics = openMetrics(config, () => 0)
  match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
  for (const { name, kind, help } of metrics.described) {
    match(name, /^(sluice|process|nodejs)(_[a-z0-9]+)+$/)
    equal(kind === 'counter', name.endsWith('_total'), name)
    if (kind === 'histogram') match(name, /_seconds$/)
    match(help, /^[A-Z].*\.$/, name)
  }
})

test('docs/metrics.md has a row for each metric, as it is', async () => {
  using metrics = openMetrics(config, () => 0)
  const rows = metrics.described.map(({ name, kind, labels, help }) => {
    const names = labels.map(label => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${kind} | ${names === '' ? '–' : names} | ${help} |`
  })
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const held = page.split('\n').filter(line => /^\| `\w+` \|/.test(line))
  deepEqual(held.sort(), rows.sort(), `the rows should be:\n${rows.join('\n')}\n`)
})

test('the Redis of the quotas, and what was let through without it', async () => {
  const happen = (): void => {
    events.redis.publish({ state: 'down', reason: 'gone' })
    events.localShare.publish({ policy: 'lease', name: 'orders', why: 'redis' })
    events.localShare.publish({ policy: 'lease', name: 'orders', why: 'redis' })
    events.localShare.publish({ policy: 'quota', name: 'place-order', why: 'crowded' })
  }
  deepEqual(await counted('sluice_redis_state', happen), ['sluice_redis_state{state="down"} 1'])
  deepEqual(await counted('sluice_quota_local', happen), [
    'sluice_quota_local_total{policy="lease",name="orders",why="redis"} 2',
    'sluice_quota_local_total{policy="quota",name="place-order",why="crowded"} 1',
  ])
})
