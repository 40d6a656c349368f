import type { Config } from '../../config/schema/index.ts'
import { deadReasons, endpointKinds, mirrorResults } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

const results = ['2xx', '3xx', '4xx', '5xx', 'upstream-failed', 'bad-reply', 'circuit-open', 'invalid-request'] as const

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** What is sent to upstreams, what becomes of their endpoints, and what is given up. */
export function countUpstreams(
  meter: Meter,
  { upstreams, calls, push }: Pick<Config, 'upstreams' | 'calls' | 'push'>,
): Listeners {
  const names = Object.keys(upstreams)
  const requests = meter.counter({
    name: 'sluice_upstream_requests_total',
    help: 'Requests to endpoints of the upstream, repetitions too: the class of the status, or the code of the problem.',
    labels: ['upstream', 'result'],
  })
  const changes = meter.counter({
    name: 'sluice_upstream_changes_total',
    help: 'What became of endpoints of the upstream: `ejected` and `returned` by how their calls went, `unhealthy` and `healthy` by their checks, `added` and `removed` by their name.',
    labels: ['upstream', 'kind'],
  })
  const dead = meter.counter({
    name: 'sluice_dead_letters_total',
    help: 'Records that were given up by the section: see `sluice dead list`.',
    labels: ['by', 'reason'],
  })
  const took = meter.histogram(
    {
      name: 'sluice_called_duration_seconds',
      help: 'Commands of the section, from the record to the end, repetitions and waiting for the upstream too: `answered`, `given-up`, or `ended` as nobody wanted them any more.',
      labels: ['by', 'result'],
    },
    bounds,
  )
  const sections = Object.keys(calls).map(name => `calls.${name}`)
  const called = byName(sections, by => byName(['answered', 'given-up', 'ended'], result => took({ by, result })))
  const counted = byName(names, upstream => byName(results, result => requests({ upstream, result })))
  const changed = byName(names, upstream => byName(endpointKinds, kind => changes({ upstream, kind })))
  const givers = Object.entries({ calls, push }).flatMap(([by, all]) => Object.keys(all).map(name => `${by}.${name}`))
  const given = byName(givers, by => byName(deadReasons, reason => dead({ by, reason })))
  return {
    upstream: ({ upstream, result }) => void counted(upstream)(result).value++,
    endpoint: ({ upstream, kind }) => void changed(upstream)(kind).value++,
    called: ({ route, status, code, ms }) =>
      called(route)(status !== null ? 'answered' : code === null ? 'ended' : 'given-up').observe(ms / 1_000),
    dead: ({ by, reason }) => void given(by)(reason).value++,
  }
}

/** How the calls of routes with both an upstream and a topic are shared out, and what their copies showed. */
export function countStranglers(meter: Meter, routes: Config['routes']): Listeners {
  const names = Object.keys(routes).filter(name => routes[name]?.strangler !== undefined)
  const calls = meter.counter({
    name: 'sluice_strangled_calls_total',
    help: 'Calls of the route that went to its topic: `failed` without an answer or with one of 5xx.',
    labels: ['route', 'result'],
  })
  const copies = meter.counter({
    name: 'sluice_mirrored_calls_total',
    help: 'Copies of calls of the route: whether their answers were the `same` or `different`, or there was none.',
    labels: ['route', 'result'],
  })
  const share = meter.gauge({
    name: 'sluice_strangler_percent',
    help: 'Share of the clients whose calls go to the topic, as the plan of the route has it.',
    labels: ['route'],
  })
  const called = byName(names, route => byName(['good', 'failed'], result => calls({ route, result })))
  const copied = byName(names, route => byName(mirrorResults, result => copies({ route, result })))
  const shares = byName(names, route => share({ route }))
  for (const name of names) shares(name).value = routes[name]?.strangler?.percent ?? 0
  return {
    strangled: ({ route, failed }) => void called(route)(failed ? 'failed' : 'good').value++,
    mirrored: ({ route, result }) => void copied(route)(result).value++,
    rollout: ({ route, percent }) => void (shares(route).value = percent),
  }
}
