import type { Config } from '../../config/schema/index.ts'
import { readerEvents, resources } from '../events.ts'
import { countActive } from './active.ts'
import type { Active } from './active.ts'
import { countCalls, countFallbacks } from './calls.ts'
import { countDomainEvents } from './domain.ts'
import { countDeliveries, receiversOf } from './deliveries.ts'
import { tellBuild } from './build.ts'
import { countConventions } from './conventions.ts'
import { countFaults } from './faults.ts'
import { countGroups } from './groups.ts'
import { listen } from './listen.ts'
import type { Listeners } from './listen.ts'
import { Meter, byName, oneOf } from './meter.ts'
import type { Described } from './meter.ts'
import { measureProcess } from './process.ts'
import { countOperations } from './operations.ts'
import { countProcesses } from './processes.ts'
import { countPublishing } from './publishing.ts'
import { countRepetitions } from './repetitions.ts'
import { countAsResilience4j } from './resilience4j.ts'
import type { Verdicts } from './resilience4j.ts'
import { countStreams } from './streams.ts'
import { countSpool } from './spool.ts'
import { countStranglers, countUpstreams } from './upstreams.ts'
import { countWorkers } from './workers.ts'

/** The metrics, until they are closed. */
export interface Metrics extends Disposable {
  /** All series in Prometheus' text format. */
  text(): Promise<string>
  /** All series in the format of OpenMetrics, with exemplars: calls whose trace was sampled. */
  openMetrics(): Promise<string>
  readonly described: readonly Described[]
  readonly meter: Meter
}
export type MetricsConfig = Pick<Config, 'routes' | 'workers'> &
  Partial<Pick<Config, 'upstreams' | 'calls' | 'operations' | 'processes' | 'push'>>

/** What is looked at only when the metrics are read: how the circuits are, and which requests are under way. */
export type Looked = Readonly<{ circuits?: (() => readonly Verdicts[]) | undefined; active?: Active | undefined }>

/** Counts what happens, and shows it to Prometheus. `linesLost` tells how many lines the log had to drop. */
export function openMetrics(
  config: MetricsConfig,
  linesLost: () => number,
  { circuits = () => [], active = { scheme: 'http', methods: () => [] } }: Looked = {},
): Metrics {
  const { routes, workers, upstreams = {}, calls = {}, processes = {}, push = {} } = config
  const meter = new Meter()
  tellBuild(meter)
  countActive(meter, active)
  const topics = [
    ...Object.values(workers).map(worker => worker.topic),
    ...Object.values(routes).flatMap(route => (route.event === undefined ? [] : [route.event.topic])),
  ]
  const mended = Object.keys(routes).filter(name => routes[name]?.fallback !== undefined)
  const operating = Object.values(routes).filter(({ async, onTimeout, idempotency, process }) => {
    return process !== undefined || async !== 'off' || onTimeout !== 'fail' || idempotency !== undefined
  })
  const answering = new Set(operating.flatMap(({ command, query }) => (command ?? query)?.to ?? []))
  const keyed = Object.keys(routes).filter(name => routes[name]?.idempotency !== undefined)
  const open = [
    countCalls(meter, Object.keys(routes)),
    countConventions(meter, routes),
    countFallbacks(meter, mended),
    countWorkers(meter, workers),
    countDomainEvents(meter, routes),
    countAsResilience4j(meter, workers, circuits),
    countRepetitions(meter, routes),
    countStreams(meter, routes),
    countGroups(meter, workers),
    countPublishing(meter, new Set(topics)),
    countShares(meter, Object.keys(workers), Object.keys(routes)),
    countOperations(meter, keyed, [...answering]),
    countProcesses(meter, processes),
    countSpool(meter),
    countUpstreams(meter, { upstreams, calls, push }),
    countDeliveries(meter, receiversOf(config)),
    countStranglers(meter, routes),
    countInside(meter),
    countFaults(meter, Object.keys(routes)),
  ].map(listen)
  const lost = meter.counter({
    name: 'sluice_log_lines_lost_total',
    help: 'Lines of the log dropped because its destination failed or was too slow.',
    refresh: () => void (lost.value = linesLost()),
  })({})
  open.push(measureProcess(meter))
  return {
    text: () => meter.text(),
    openMetrics: () => meter.openMetrics(),
    described: meter.described,
    meter,
    [Symbol.dispose]: () => open.forEach(one => one[Symbol.dispose]()),
  }
}

function countShares(meter: Meter, workers: readonly string[], routes: readonly string[]): Listeners {
  const local = meter.counter({
    name: 'sluice_quota_local_total',
    help: "Calls let through on this instance's own share of a quota: `redis` was late or down, or too many clients had one (`crowded`).",
    labels: ['policy', 'name', 'why'],
  })
  const redis = meter.gauge({
    name: 'sluice_redis_state',
    help: 'Whether the Redis of the quotas is in the state: 1 or 0.',
    labels: ['state'],
  })
  const enter = oneOf(['ready', 'down'], state => ({ state }), redis)
  const whys = (policy: string, name: string) => byName(['redis', 'crowded'], why => local({ policy, name, why }))
  const of = {
    lease: byName(workers, name => whys('lease', name)),
    quota: byName(routes, name => whys('quota', name)),
  }
  return {
    redis: ({ state }) => enter(state),
    localShare: ({ policy, name, why }) => void of[policy](name)(why).value++,
  }
}

function countInside(meter: Meter): Listeners {
  const broker = meter.gauge({
    name: 'sluice_broker_state',
    help: 'Whether the connection to the brokers is in the state: 1 or 0.',
    labels: ['state'],
  })
  const reader = meter.counter({
    name: 'sluice_reader_events_total',
    help: 'What befell the reader of the replies: a batch `skipped`, a position not in the log any more (`repositioned`), a topic made anew (`remade`), replies `held-back` by an open transaction until they are `released`, its loop `failed` or `recovered`.',
    labels: ['kind'],
  })
  const heldBack = meter.gauge({
    name: 'sluice_replies_held_back',
    help: 'Partitions whose replies a transaction of somebody has held back for two seconds or more. No worker is to blame.',
  })({})
  const ready = meter.gauge({ name: 'sluice_ready', help: 'Whether the gateway is ready: 1 or 0.' })({})
  const warnings = meter.counter({ name: 'sluice_warnings_total', help: 'Lines of the log with `warning`.' })({})
  const pressure = meter.gauge({
    name: 'sluice_pressure',
    help: 'What the process bears of a resource, as a share of what it can: at 1 only critical calls pass.',
    labels: ['resource'],
  })
  const shedding = meter.gauge({
    name: 'sluice_overloaded',
    help: 'Whether calls are refused because the process itself suffers: 1 or 0.',
  })({})
  const changes = meter.counter({
    name: 'sluice_admin_changes_total',
    help: 'Changes through the admin port: `done`, or `refused`.',
    labels: ['result'],
  })
  const [done, refused] = [changes({ result: 'done' }), changes({ result: 'refused' })]
  const pressures = resources.map(resource => [resource, pressure({ resource })] as const)
  const enter = oneOf(['connecting', 'ready', 'down'], state => ({ state }), broker)
  const kinds = byName(readerEvents, kind => reader({ kind }))
  return {
    broker: ({ state }) => enter(state),
    reader: ({ kind }) => {
      kinds(kind).value++
      if (kind === 'held-back') heldBack.value++
      if (kind === 'released') heldBack.value--
    },
    lifecycle: ({ kind }) => {
      if (kind === 'ready') ready.value = 1
      else if (kind === 'unready' || kind === 'draining' || kind === 'stopped') ready.value = 0
    },
    audit: ({ status }) => void (status < 400 ? done : refused).value++,
    warning: () => void warnings.value++,
    pressure: happened => {
      for (const [resource, cell] of pressures) cell.value = happened[resource]
    },
    overload: happened => void (shedding.value = happened.shedding ? 1 : 0),
  }
}
