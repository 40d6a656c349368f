import type { FaultKind } from '../fault.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Cell, Meter } from './meter.ts'

/** What goes wrong on purpose. */
export function countFaults(meter: Meter, routes: readonly string[]): Listeners {
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
