import type { Config } from '../../config/schema/index.ts'
import { repetitions } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName, none } from './meter.ts'
import type { Meter } from './meter.ts'

/** Commands that are sent again, where a route may. */
export function countRepetitions(meter: Meter, routes: Config['routes']): Listeners {
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
