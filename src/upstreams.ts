import type { Config, UpstreamConfig } from '../config/schema/index.ts'
import type { Upstream } from './bridge/upstreams/index.ts'
import type { Call, Reply, Service } from './call.ts'
import { now, since } from './clock.ts'
import { Problem } from './problem.ts'
import type { Upstreams as FallbackUpstreams } from './resilience/fallback/index.ts'

/** The upstreams of a gateway: those with a name, and who serves the steps of fallbacks. */
export type UpstreamsPart = Readonly<{
  named: ReadonlyMap<string, Upstream>
  fallback: FallbackUpstreams
  /** The calls of clients that wait for an upstream. */
  waiting: Set<Call>
}>

/** Opens them; they are closed with what is held. Nothing of it is loaded where there is none. Throws when a file cannot be read. */
export async function openUpstreams(config: Config, held: AsyncDisposableStack): Promise<UpstreamsPart> {
  const { upstreams, routes, calls, replies } = config
  const steps = Object.values(routes).flatMap(({ fallback = [] }) => fallback)
  const named = new Map<string, Upstream>()
  const waiting = new Set<Call>()
  if (Object.keys(upstreams).length === 0 && steps.every(({ upstream }) => upstream === undefined))
    return { named, fallback: neverAsked, waiting }
  const { Upstream } = await import('./bridge/upstreams/index.ts')
  const { guardEndpoint } = await import('./resilience/guards.ts')
  const { Budget } = await import('./resilience/repetition/index.ts')
  const { Upstream: Options } = await import('../config/schema/upstream.ts')
  const longestMs = Math.max(1_000, ...[...Object.values(routes), ...Object.values(calls)].map(one => one.timeoutMs))
  const open = (name: string, options: UpstreamConfig): Upstream => {
    const { dns, replyBytes, outliers, budget } = options
    const guard = (endpoint: string) => guardEndpoint(`${name}/${endpoint}`, options, longestMs)
    const compared = outliers.mode === 'off' ? undefined : outliers
    const rest = { name, discovery: dns, maxReplyBytes: replyBytes, outliers: compared }
    return held.use(new Upstream({ ...options, ...rest }, { guard, budget: new Budget(budget) }))
  }
  for (const [name, options] of Object.entries(upstreams)) named.set(name, open(name, options))
  return {
    named,
    waiting,
    fallback: ({ to, url, connections }) => {
      if (to !== undefined) return awaited(to, waiting, instead(namedBy(named, to)))
      const options = Options.parse({ urls: [url], connections, replyBytes: replies.maxBytes })
      const { host } = new URL(url ?? '')
      return awaited(host, waiting, instead(open(host, options)))
    },
  }
}

/** Statuses that mean the upstream could not answer. */
const failing: ReadonlySet<number> = new Set([500, 502, 503, 504])

/** An upstream in the place of a worker: what it could not answer either has failed. */
function instead(upstream: Upstream): Service<Call, Reply> {
  const failed = (detail: string, outcome: Problem['outcome'], cause?: unknown): Problem =>
    new Problem('upstream-failed', detail, { outcome, policy: 'fallback', cause })
  return async call => {
    const reply = await upstream.serve(call).catch((error: unknown) => {
      if (call.signal.aborted) throw error
      const { message, outcome } = Problem.from(error)
      throw failed(message, outcome, error)
    })
    if (failing.has(reply.status)) throw failed(`The upstream answered ${reply.status}.`, 'in-doubt')
    return reply
  }
}

/** Keeps the calls in view that wait for an upstream, and how long that took. */
export function awaited(name: string, waiting: Set<Call>, serve: Service<Call, Reply>): Service<Call, Reply> {
  return async call => {
    const { progress, started } = call
    const begun = now()
    const atMs = since(started)
    progress.upstream = { name, atMs, ms: null }
    waiting.add(call)
    try {
      return await serve(call)
    } finally {
      waiting.delete(call)
      progress.upstream = { name, atMs, ms: since(begun) }
    }
  }
}

const neverAsked: FallbackUpstreams = () => {
  throw new Error('No route has an upstream.')
}

/** The upstream of that name: the configuration was checked. */
export function namedBy(named: ReadonlyMap<string, Upstream>, name: string): Upstream {
  const upstream = named.get(name)
  if (upstream === undefined) throw new Error(`There is no upstream ${name}.`)
  return upstream
}
