import type { Scenario } from '../../config/scenario/schema.ts'

/** The same scenario in so many times less time: its load, faults, phases and slow starts get shorter; how quick anybody is stays the same. */
export function hasten(scenario: Scenario, factor: number): Scenario {
  const less = (ms: number): number => Math.round(ms / factor)
  const shorter = <T extends Readonly<{ forMs?: number | undefined }>>(of: T): T =>
    of.forMs === undefined ? of : { ...of, forMs: Math.max(1, less(of.forMs)) }
  const clients = Object.entries(scenario.clients).map(([name, client]) => {
    const { load, closed } = client
    return [
      name,
      {
        ...client,
        ...(load !== undefined && { load: load.map(shorter) }),
        ...(closed !== undefined && { closed: shorter(closed) }),
      },
    ] as const
  })
  const phases = Object.entries(scenario.phases).map(([name, { fromMs, toMs }]) => {
    return [name, { fromMs: less(fromMs), toMs: less(toMs) }] as const
  })
  return {
    ...scenario,
    clients: Object.fromEntries(clients),
    phases: Object.fromEntries(phases),
    faults: scenario.faults.map(fault => shorter({ ...fault, atMs: less(fault.atMs) })),
    warmMs: less(scenario.warmMs),
    workers: {
      ...scenario.workers,
      ...(scenario.workers.slowStart !== undefined && { slowStart: shorter(scenario.workers.slowStart) }),
    },
  }
}
