import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { events } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'
import { config, counted, problem } from './counted.ts'

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
  for (const { name, kind, help } of metrics.described) {
    match(name, /^(sluice|process|nodejs|http|messaging|resilience4j)(_[a-z0-9]+)+$/)
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
