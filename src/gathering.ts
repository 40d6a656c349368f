import type { Config, RouteOptions } from '../config/schema/index.ts'
import { gather } from './bridge/gather/gather.ts'
import type { Member } from './bridge/gather/gather.ts'
import { pipe } from './call.ts'
import { Drain } from './resilience/drain.ts'
import { wraps } from './resilience/layer.ts'
import { callLayers } from './resilience/stack.ts'
import type { CallParts } from './resilience/stack.ts'
import type { RouteWay, Shared } from './ways.ts'

type Own = Readonly<{ name: string; route: RouteOptions; options: NonNullable<RouteOptions['gather']> }>

/**
 * The way of a route that gathers: what concerns the client stands around all parts, and what concerns a worker around its own. So
 * a part may be refused by the circuit of its worker while the others are asked.
 */
export function gatherWay(
  { name, route, options }: Own,
  shared: Shared,
  parts: Omit<CallParts, 'worker' | 'checks'>,
  wayOf: (route: RouteOptions, shared: Shared) => RouteWay,
): RouteWay {
  const kind = route.command === undefined ? 'query' : 'command'
  const core = route[kind]
  if (core === undefined) throw new Error(`routes.${name} gathers, and names no worker.`) // the configuration was checked
  const { gather: _, quota: __, ...plain } = route
  const inside = { ...shared, drain: new Drain('off'), tenancy: null, config: withoutDeadline(shared.config) }
  const ways = [core.to, ...options.also].map(to => ({
    to,
    way: wayOf({ ...plain, tenant: 'none', [kind]: { ...core, to } }, inside),
  }))
  const members = (): readonly Member[] =>
    ways.flatMap(({ to, way: { topic, service } }): readonly Member[] => {
      const member = { name: to, worker: to, topic, partition: null, service }
      if (!options.partitions) return [member]
      const count = shared.workers.get(to)?.bulkhead.partitions ?? 0
      return Array.from({ length: count }, (_, partition) => ({ ...member, name: `${to}-${partition}`, partition }))
    })
  const policies = callLayers({ ...parts, worker: null, checks: shared.checks.publishing })
  const { partitionFor } = shared
  const service = pipe(wraps(policies), gather({ members, partitionFor }, options))
  const [first] = ways
  return {
    name,
    route,
    topic: first?.way.topic ?? '',
    service,
    policies: [...policies, ...(first?.way.policies ?? [])],
  }
}

/** The deadline is the client's, and stands around all parts. */
const withoutDeadline = (config: Config): Config => ({ ...config, policies: { ...config.policies, deadline: 'off' } })
