import type { Config } from '../../config/schema/index.ts'
import { forcedStates, replyClasses } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName, oneOf } from './meter.ts'
import type { Meter } from './meter.ts'

const replyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** The circuit around publishing is the cluster's; the others have the names of their workers. */
const cluster = 'cluster'

/** What goes to the workers and comes back: slots, circuits, replies. */
export function countWorkers(meter: Meter, workers: Config['workers']): Listeners {
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
  const probes = meter.counter({
    name: 'sluice_circuit_probes_total',
    help: 'Calls that the half-open circuit let through.',
    labels: ['circuit'],
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
    probes: probes({ circuit }),
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
      if (isOfEndpoint(circuit)) return
      const of = circuits(circuit)
      of.enter(to)
      of.changes(to).value++
    },
    probe: ({ circuit }) => {
      if (!isOfEndpoint(circuit)) circuits(circuit).probes.value++
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

/** Endpoints of upstreams come and go: their circuits are told in the log, and make no series. */
const isOfEndpoint = (circuit: string): boolean => circuit.includes('/')
