import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted } from './counted.ts'

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

test('the probes of a circuit are counted', async () => {
  const happen = (): void => {
    for (const circuit of ['orders', 'cluster', 'orders']) events.probe.publish({ circuit })
  }
  deepEqual(await counted('sluice_circuit_probes', happen), [
    'sluice_circuit_probes_total{circuit="cluster"} 1',
    'sluice_circuit_probes_total{circuit="orders"} 2',
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
