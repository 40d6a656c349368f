import type { RouteOptions } from '../config/schema/index.ts'
import type { Upstream } from './bridge/upstreams/index.ts'
import { pipe } from './call.ts'
import type { Call, Reply, Service } from './call.ts'
import type { Instant } from './clock.ts'
import { Problem, strongest } from './problem.ts'
import { stepsOf } from './resilience/fallback/index.ts'
import { wraps } from './resilience/layer.ts'
import { callLayers } from './resilience/stack.ts'
import { Strangler } from './resilience/strangler/index.ts'
import { awaited, namedBy } from './upstreams.ts'
import type { RouteWay, Shared } from './ways.ts'

/** Longer than the deadline of a call, whose own policy says what became of it. */
const graceMs = 1_000

type Strangling = Pick<Shared, 'config' | 'drain' | 'causes' | 'faults' | 'upstreams' | 'partitionFor' | 'held'>
/** The way of a route to its topic, for the calls of clients or for copies of them. */
type ToTopic = (route: RouteOptions) => RouteWay

/** The way of a route with an upstream: to that alone, or also to the topic that is to take its place. */
export function upstreamWay(name: string, route: RouteOptions, shared: Strangling, toTopic: ToTopic | null): RouteWay {
  const { config, drain, causes, faults, upstreams, partitionFor, held } = shared
  const to = route.upstream?.to ?? ''
  const copied = asked(namedBy(upstreams.named, to))
  const core = awaited(to, upstreams.waiting, copied)
  const layersOf = (options: RouteOptions) =>
    callLayers({
      route: options,
      policies: config.policies,
      drain,
      causes,
      faults,
      worker: null,
      checks: [],
      fallback: stepsOf(options, upstreams.fallback),
    })
  const policies = layersOf(route)
  const upstream = pipe(wraps(policies), core)
  if (toTopic === null) return { name, route, topic: '', service: upstream, policies }
  const { quota: _quota, idempotency: _idempotency, fallback: _fallback, ...uncounted } = route
  const way = toTopic(route)
  const placed =
    (service: Service<Call, Reply>): Service<Call, Reply> =>
    async call =>
      // a topic that is not known fails its own side alone
      await service(call.partition < 0 ? { ...call, partition: partitionFor(call.topic, call.key) } : call)
  const strangler = held.use(new Strangler(name, route.strangler ?? all, route.replyHeaders))
  const service = strangler.serve({
    upstream,
    topic: placed(way.service),
    copies: { upstream: pipe(wraps(layersOf(uncounted)), copied), topic: placed(toTopic(uncounted).service) },
  })
  const layer = {
    policy: 'strangler',
    mode: 'enforce',
    wrap: () => service,
    state: () => strangler.snapshot(),
  } as const
  return { ...way, unplaced: true, service, policies: [layer, ...way.policies], strangler }
}

const all = { percent: 0 }

/** An upstream as the core of a route: what is known of a call is as strong as what became of its request. */
function asked({ serve }: Upstream): Service<Call, Reply> {
  return async ({ told, body, deadline, signal, progress }) => {
    try {
      const reply = await serve({ told, body, signal, deadline: (deadline + graceMs) as Instant })
      progress.outcome = 'sent'
      return reply
    } catch (error) {
      const problem = Problem.from(error)
      progress.outcome = strongest(progress.outcome, signal.aborted ? 'sent' : problem.outcome)
      throw problem
    }
  }
}
