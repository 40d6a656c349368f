import type { Config } from '../../config/schema.ts'
import { forcedStates, repetitions, replyClasses, resources } from '../events.ts'
import type { FaultKind } from '../fault.ts'
import { countCalls, countFallbacks } from './calls.ts'
import { countGroups } from './groups.ts'
import { listen } from './listen.ts'
import type { Listeners } from './listen.ts'
import { Meter, byName, none, oneOf } from './meter.ts'
import type { Cell, Described } from './meter.ts'
import { measureProcess } from './process.ts'

/** The metrics, until they are closed. */
export interface Metrics extends Disposable {
  /** All series in Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
  readonly described: readonly Described[]
}
export type MetricsConfig = Pick<Config, 'routes' | 'workers'>

const replyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const produceBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** The circuit around publishing is the cluster's; the others have the names of their workers. */
const cluster = 'cluster'

/** Counts what happens, and shows it to Prometheus. `linesLost` tells how many lines the log had to drop. */
export function openMetrics({ routes, workers }: MetricsConfig, linesLost: () => number): Metrics {
  const meter = new Meter()
  const topics = [
    ...Object.values(workers).map(worker => worker.topic),
    ...Object.values(routes).flatMap(route => (route.event === undefined ? [] : [route.event.topic])),
  ]
  const mended = Object.keys(routes).filter(name => routes[name]?.fallback !== undefined)
  const open = [
    countCalls(meter, Object.keys(routes)),
    countFallbacks(meter, mended),
    countWorkers(meter, workers),
    countRepetitions(meter, routes),
    countGroups(meter, workers),
    countPublishing(meter, new Set(topics)),
    countShares(meter, Object.keys(workers), Object.keys(routes)),
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
    contentType: meter.contentType,
    described: meter.described,
    [Symbol.dispose]: () => open.forEach(one => one[Symbol.dispose]()),
  }
}

function countWorkers(meter: Meter, workers: Config['workers']): Listeners {
  const names = Object.keys(workers)
  const inFlight = meter.gauge({
    name: 'sluice_in_flight',
    help: 'Calls that hold a slot of the worker: published, and neither answered nor expired.',
    labels: ['worker'],
  })
  const waiting = meter.gauge({
    name: 'sluice_waiting',
    help: 'Calls that wait for a slot of the worker.',
    labels: ['worker'],
  })
  const slots = meter.gauge({
    name: 'sluice_slots',
    help: 'Slots of the worker: as configured, or as the adaptive limit has them at present.',
    labels: ['worker'],
  })
  const floor = meter.gauge({
    name: 'sluice_reply_floor_seconds',
    help: 'From the acknowledgement to the reply when nothing queues, as the adaptive limit has seen it; 0 before.',
    labels: ['worker'],
  })
  const state = meter.gauge({
    name: 'sluice_circuit_state',
    help: 'Whether the circuit is in the state: 1 or 0. The circuit is that of a worker, or `cluster` for publishing.',
    labels: ['circuit', 'state'],
  })
  const changes = meter.counter({
    name: 'sluice_circuit_changes_total',
    help: 'Changes of the circuit to the state.',
    labels: ['circuit', 'state'],
  })
  const forced = meter.gauge({
    name: 'sluice_circuit_forced',
    help: 'Whether an operator holds the circuit to the state: 1 or 0.',
    labels: ['circuit', 'as'],
  })
  const replies = meter.counter({
    name: 'sluice_replies_total',
    help: 'Replies read, by what they were: `answered` settled a call, all others were dropped.',
    labels: ['class'],
  })
  const duration = meter.histogram(
    {
      name: 'sluice_reply_duration_seconds',
      help: "From the broker's acknowledgement of the command to the reply of the worker.",
      labels: ['worker'],
    },
    replyBounds,
  )
  const limits = byName(
    Object.entries(workers).flatMap(([name, { bulkhead }]) => (bulkhead.mode === 'off' ? [] : [name])),
    worker => {
      const of = { slots: slots({ worker }), floor: floor({ worker }) }
      of.slots.value = workers[worker]?.bulkhead.slots ?? 0
      return of
    },
  )
  const occupied = byName(names, worker => ({ inFlight: inFlight({ worker }), waiting: waiting({ worker }) }))
  const circuits = byName([cluster, ...names], circuit => ({
    enter: oneOf(['closed', 'half-open', 'open'], state => ({ circuit, state }), state),
    changes: byName(['closed', 'half-open', 'open'], state => changes({ circuit, state })),
    forced: forcedStates.map(as => [as, forced({ circuit, as })] as const),
  }))
  const classes = byName(replyClasses, name => replies({ class: name }))
  const durations = byName(names, worker => duration({ worker }))
  return {
    occupied: happened => {
      const of = occupied(happened.worker)
      of.inFlight.value += happened.inFlight
      of.waiting.value += happened.waiting
    },
    limited: ({ worker, limit, floorMs }) => {
      const of = limits(worker)
      of.slots.value = limit
      of.floor.value = (floorMs ?? 0) / 1_000
    },
    circuit: ({ circuit, to }) => {
      const of = circuits(circuit)
      of.enter(to)
      of.changes(to).value++
    },
    forced: ({ circuit, forced }) => {
      for (const [as, cell] of circuits(circuit).forced) cell.value = as === forced ? 1 : 0
    },
    reply: ({ class: name, worker, ms }) => {
      classes(name).value++
      if (worker !== null && ms !== null) durations(worker).observe(ms / 1_000)
    },
  }
}

function countRepetitions(meter: Meter, routes: Config['routes']): Listeners {
  const repeated = meter.counter({
    name: 'sluice_repetitions_total',
    help: 'Commands sent again though the broker had accepted them: after a silence (`resend`, `hedge`), or after their reply (`retry`).',
    labels: ['worker', 'route', 'kind'],
  })
  const observed = meter.counter({
    name: 'sluice_observed_repetitions_total',
    help: 'Commands that `resend` or `hedge` in mode `observe` would have sent again.',
    labels: ['worker', 'route', 'kind'],
  })
  const repeating = Object.entries(routes).flatMap(([name, { resend, hedge, retryOn }]) =>
    resend === undefined && hedge === undefined && retryOn.length === 0 ? [] : [name],
  )
  const of = (make: typeof repeated) =>
    byName(repeating, route => {
      const worker = (routes[route]?.command ?? routes[route]?.query)?.to ?? none
      return byName(repetitions, kind => make({ worker, route, kind }))
    })
  const inForce = of(repeated)
  const watched = of(observed)
  return {
    repeated: happened => void (happened.observed ? watched : inForce)(happened.route)(happened.kind).value++,
  }
}

function countFaults(meter: Meter, routes: readonly string[]): Listeners {
  const faults = meter.counter({
    name: 'sluice_faults_total',
    help: 'Faults that were injected, by kind; see `faults` of the configuration.',
    labels: ['kind', 'route'],
  })
  const observed = meter.counter({
    name: 'sluice_observed_faults_total',
    help: 'Faults that mode `observe` would have injected, by kind.',
    labels: ['kind', 'route'],
  })
  const of = (make: typeof faults) => {
    const made = new Map<string, Cell>() // by what strikes: where none does there is no series
    return byName(routes, route => (kind: FaultKind): Cell => {
      const key = `${kind} ${route}`
      const known = made.get(key) ?? make({ kind, route })
      made.set(key, known)
      return known
    })
  }
  const inForce = of(faults)
  const watched = of(observed)
  const rules = meter.gauge({
    name: 'sluice_fault_rules',
    help: 'Rules that inject faults at present; each ends by itself.',
  })({})
  return {
    fault: ({ kind, route, observed }) => void (observed ? watched : inForce)(route)(kind).value++,
    faultRule: ({ state }) => void (rules.value += state === 'begun' ? 1 : -1),
  }
}

function countPublishing(meter: Meter, topics: ReadonlySet<string>): Listeners {
  const retry = meter.counter({
    name: 'sluice_retries_total',
    help: 'Records published again, as they were certainly not in the topic.',
    labels: ['topic'],
  })
  const observed = meter.counter({
    name: 'sluice_observed_retries_total',
    help: 'Records that retry in mode `observe` would have published again.',
    labels: ['topic'],
  })
  const spent = meter.counter({
    name: 'sluice_retry_budget_spent_total',
    help: 'Records not published again because the budget of repetitions was spent.',
    labels: ['topic'],
  })
  const duration = meter.histogram(
    {
      name: 'sluice_produce_duration_seconds',
      help: 'Produce requests, from handing over to the acknowledgement; its count is the number of batches.',
    },
    produceBounds,
  )({})
  const records = meter.counter({ name: 'sluice_produce_records_total', help: 'Records in produce requests.' })({})
  const bytes = meter.counter({ name: 'sluice_produce_bytes_total', help: 'Bytes in produce requests.' })({})
  const failed = meter.counter({
    name: 'sluice_produce_failed_records_total',
    help: 'Records whose produce request was refused or not confirmed.',
  })({})
  const retries = byName(topics, topic => retry({ topic }))
  const observing = byName(topics, topic => observed({ topic }))
  const spending = byName(topics, topic => spent({ topic }))
  return {
    retried: happened => void (happened.observed ? observing : retries)(happened.topic).value++,
    budgetSpent: ({ topic }) => void spending(topic).value++,
    produced: happened => {
      duration.observe(happened.ms / 1_000)
      records.value += happened.records
      bytes.value += happened.bytes
      failed.value += happened.failed
    },
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
    help: 'What befell the reader of the replies: a batch skipped, a position moved, its loop recovered or failed.',
    labels: ['kind'],
  })
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
  const pressures = resources.map(resource => [resource, pressure({ resource })] as const)
  const enter = oneOf(['connecting', 'ready', 'down'], state => ({ state }), broker)
  const kinds = byName(['skipped', 'repositioned', 'recovered', 'failed'], kind => reader({ kind }))
  return {
    broker: ({ state }) => enter(state),
    reader: ({ kind }) => void kinds(kind).value++,
    lifecycle: ({ kind }) => {
      if (kind === 'ready') ready.value = 1
      else if (kind === 'unready' || kind === 'draining' || kind === 'stopped') ready.value = 0
    },
    warning: () => void warnings.value++,
    pressure: happened => {
      for (const [resource, cell] of pressures) cell.value = happened[resource]
    },
    overload: happened => void (shedding.value = happened.shedding ? 1 : 0),
  }
}
