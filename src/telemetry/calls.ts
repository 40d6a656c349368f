import { fallbackKinds, fallbackResults } from '../events.ts'
import { outcomes, problems } from '../problem.ts'
import type { Outcome, ProblemCode } from '../problem.ts'
import type { Happenings } from '../events.ts'
import type { Listeners } from './listen.ts'
import { sampledTrace } from '../trace.ts'
import { byName } from './meter.ts'
import type { Cell, Meter, Spread } from './meter.ts'

type Finished = Happenings['finished']
type Refused = Happenings['refused']

/** Stands for the route where the circuit of the cluster refuses: records have none. */
const publish = 'publish'
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const codes = ['none', ...(Object.keys(problems) as ProblemCode[])] as const
const codeNumbers = new Map<string, number>(codes.map((code, number) => [code, number]))
const outcomeNumber = (outcome: Outcome): number => (outcome === 'sent' ? 2 : outcome === 'in-doubt' ? 1 : 0)

/** What became of the calls, by route. */
export function countCalls(meter: Meter, routes: readonly string[]): Listeners {
  const total = meter.counter({
    name: 'sluice_calls_total',
    help: 'Requests answered: the class of the status (`2xx` …), what is known of the command, and the code of the problem, `none` for an answer of the worker.',
    labels: ['route', 'status', 'outcome', 'code'],
  })
  const duration = meter.histogram(
    {
      name: 'sluice_call_duration_seconds',
      help: 'From the request to its answer; `result` is `reply` or `problem`, as refusals are quick and would hide slow replies.',
      labels: ['route', 'result'],
    },
    bounds,
  )
  const refused = meter.counter({
    name: 'sluice_refusals_total',
    help: 'Calls that a policy refused.',
    labels: ['policy', 'route', 'code'],
  })
  const observed = meter.counter({
    name: 'sluice_observed_refusals_total',
    help: 'Calls that a policy in mode `observe` would have refused, and let through.',
    labels: ['policy', 'route', 'code'],
  })

  /** The series of one route: small integers stand for its labels, as hashing them would cost more than the counting. */
  const ofRoute = byName(routes, route => {
    const cells = new Map<number, Cell>()
    const replies: Spread = duration({ route, result: 'reply' })
    const failures: Spread = duration({ route, result: 'problem' })
    const cell = (statusClass: number, outcome: Outcome, code: number): Cell => {
      const key = (statusClass * outcomes.length + outcomeNumber(outcome)) * codes.length + code
      const known = cells.get(key)
      if (known !== undefined) return known
      const made = total({ route, status: `${statusClass}xx`, outcome, code: codes[code] ?? 'none' })
      cells.set(key, made)
      return made
    }
    cell(2, 'sent', 0) // from the start, so that the first call is an increase
    return ({ call, status, outcome, problem, ms }: Finished): void => {
      const code = problem === null ? 0 : (codeNumbers.get(problem.code) ?? 0)
      cell(Math.floor(status / 100), outcome, code).value++
      ;(problem === null ? replies : failures).observe(ms / 1_000, call === null ? null : sampledTrace(call.told.trace))
    }
  })
  const refusals = (make: typeof refused) =>
    byName([...routes, publish], route => {
      const cells = new Map<string, Cell>()
      return ({ policy, problem: { code } }: Refused): void => {
        const key = `${policy} ${code}`
        let cell = cells.get(key)
        if (cell === undefined) cells.set(key, (cell = make({ policy, route, code })))
        cell.value++
      }
    })
  const inForce = refusals(refused)
  const watched = refusals(observed)
  return {
    finished: happened => ofRoute(happened.route)(happened),
    refused: happened => (happened.observed ? watched : inForce)(happened.route)(happened),
  }
}

/** What answered in place of workers, by route; `routes` are those with a fallback. */
export function countFallbacks(meter: Meter, routes: readonly string[]): Listeners {
  const fallback = meter.counter({
    name: 'sluice_fallbacks_total',
    help: 'Steps of a fallback that were tried: `answered`, `missed` as there was nothing to serve, `failed`, or `observed`.',
    labels: ['route', 'kind', 'result'],
  })
  const fallbacks = byName(routes, route =>
    byName(fallbackKinds, kind => byName(fallbackResults, result => fallback({ route, kind, result }))),
  )
  return { fallback: ({ route, kind, result }) => void fallbacks(route)(kind)(result).value++ }
}
