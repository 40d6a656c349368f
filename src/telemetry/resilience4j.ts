import type { Config } from '../../config/schema/index.ts'
import type { CircuitState, ForcedState } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

/** What is known of a circuit: its verdicts in the window. */
export type Verdicts = Readonly<{ name: string; verdicts: number; failures: number; slow: number }>

const states = ['closed', 'open', 'half_open', 'forced_open', 'disabled', 'metrics_only'] as const
type State = (typeof states)[number]
const cluster = 'cluster'

/** What resilience4j calls the state of a circuit. */
const stateOf = (state: CircuitState, forced: ForcedState | null): State => {
  if (forced === 'open') return 'forced_open'
  if (forced === 'closed') return 'disabled'
  if (forced === 'observe') return 'metrics_only'
  return state === 'half-open' ? 'half_open' : state
}

/** Circuits, slots and repetitions in the series that dashboards for resilience4j read. `name` is the worker, or `cluster`. */
export function countAsResilience4j(
  meter: Meter,
  workers: Config['workers'],
  circuits: () => readonly Verdicts[],
): Listeners {
  const names = Object.keys(workers)
  const state = meter.gauge({
    name: 'resilience4j_circuitbreaker_state',
    help: 'Whether the circuit is in the state: 1 or 0.',
    labels: ['name', 'state'],
  })
  const refused = meter.counter({
    name: 'resilience4j_circuitbreaker_not_permitted_calls_total',
    help: 'Calls that the open circuit refused.',
    labels: ['name', 'kind'],
  })
  const refresh = (): void => {
    for (const { name, verdicts, failures, slow } of circuits()) {
      const of = rates(name)
      of.failed.value = verdicts === 0 ? -1 : (100 * failures) / verdicts
      of.slow.value = verdicts === 0 ? -1 : (100 * slow) / verdicts
      of.failures.value = failures
      of.successes.value = verdicts - failures
    }
  }
  const failureRate = meter.gauge({
    name: 'resilience4j_circuitbreaker_failure_rate',
    help: 'Failures in percent of the verdicts in the window; −1 without any.',
    labels: ['name'],
    refresh,
  })
  const slowRate = meter.gauge({
    name: 'resilience4j_circuitbreaker_slow_call_rate',
    help: 'Slow calls in percent of the verdicts in the window; −1 without any.',
    labels: ['name'],
  })
  const buffered = meter.gauge({
    name: 'resilience4j_circuitbreaker_buffered_calls',
    help: 'Verdicts in the window, by kind.',
    labels: ['name', 'kind'],
  })
  const most = meter.gauge({
    name: 'resilience4j_bulkhead_max_allowed_concurrent_calls',
    help: 'Slots of the worker at present.',
    labels: ['name'],
  })
  const free = meter.gauge({
    name: 'resilience4j_bulkhead_available_concurrent_calls',
    help: 'Slots of the worker that are free.',
    labels: ['name'],
  })
  const retried = meter.counter({
    name: 'resilience4j_retry_calls_total',
    help: 'Calls by whether their command was sent again, and whether a reply came.',
    labels: ['name', 'kind'],
  })

  const circuit = byName([cluster, ...names], name => {
    const cells = states.map(each => [each, state({ name, state: each })] as const)
    let [is, held]: [CircuitState, ForcedState | null] = ['closed', null]
    const enter = (next: Partial<{ is: CircuitState; held: ForcedState | null }>): void => {
      ;({ is, held } = { is, held, ...next })
      for (const [each, cell] of cells) cell.value = each === stateOf(is, held) ? 1 : 0
    }
    enter({})
    return { enter, refused: refused({ name, kind: 'not_permitted' }) }
  })
  const rates = byName([cluster, ...names], name => ({
    failed: failureRate({ name }),
    slow: slowRate({ name }),
    failures: buffered({ name, kind: 'failed' }),
    successes: buffered({ name, kind: 'successful' }),
  }))
  const bulkhead = byName(names, name => {
    const of = { most: most({ name }), free: free({ name }) }
    of.most.value = of.free.value = workers[name]?.bulkhead.slots ?? 0
    return of
  })
  const retry = byName(names, name => ({
    once: {
      reply: retried({ name, kind: 'successful_without_retry' }),
      none: retried({ name, kind: 'failed_without_retry' }),
    },
    again: {
      reply: retried({ name, kind: 'successful_with_retry' }),
      none: retried({ name, kind: 'failed_with_retry' }),
    },
  }))
  return {
    circuit: ({ circuit: name, to }) => circuit(name).enter({ is: to }),
    forced: ({ circuit: name, forced }) => circuit(name).enter({ held: forced }),
    refused: ({ policy, worker, problem, observed }) => {
      if (observed || problem.code !== 'circuit-open') return
      circuit(policy === cluster ? cluster : worker).refused.value++
    },
    occupied: ({ worker, inFlight }) => void (bulkhead(worker).free.value -= inFlight),
    limited: ({ worker, limit }) => {
      const of = bulkhead(worker)
      of.free.value += limit - of.most.value
      of.most.value = limit
    },
    finished: ({ call, problem }) => {
      if (call === null || call.progress.sendings === 0) return
      const of = retry(call.worker)[call.progress.sendings > 1 ? 'again' : 'once']
      of[problem === null ? 'reply' : 'none'].value++
    },
  }
}
