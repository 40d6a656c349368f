import { readFileSync } from 'node:fs'
import type { FallbackStep, RouteOptions } from '../../../config/schema/index.ts'
import type { Call, Pair, Reply, Service } from '../../call.ts'
import type { Step } from './fallback.ts'
import { StaleReplies } from './stale.ts'

export type UpstreamStep = NonNullable<FallbackStep['upstream']>
/** Who serves the calls of an upstream step. */
export type Upstreams = (options: UpstreamStep) => Service<Call, Reply>

/** The steps of a route's fallback, as configured. Throws when the file of a fixed answer cannot be read. */
export function stepsOf(
  { fallback = [], requestHeaders, query, repeatable }: RouteOptions,
  upstreams: Upstreams,
): Step[] {
  return fallback.flatMap(({ stale, fixed, upstream }): Step[] => {
    if (stale !== undefined) return [{ kind: 'stale', replies: new StaleReplies({ ...stale, passed: requestHeaders }) }]
    if (fixed !== undefined) return [{ kind: 'fixed', reply: fixedReply(fixed) }]
    if (upstream === undefined) return []
    const { timeoutMs } = upstream
    const mayRepeat = repeatable ?? query !== undefined
    return [{ kind: 'upstream', service: upstreams(upstream), timeoutMs, repeatable: mayRepeat }]
  })
}

type FixedStep = NonNullable<FallbackStep['fixed']>

function fixedReply({ status, headers, body, bodyFile }: FixedStep): Reply {
  const bytes = bodyFile === undefined ? Buffer.from(body ?? '') : readFileSync(bodyFile)
  const all = Object.entries(headers)
  const isType = ([name]: Pair): boolean => name === 'content-type'
  // the operator's own headers pass whatever the route's list says of the worker's
  return { status, headers: all.filter(isType), own: all.filter(pair => !isType(pair)), body: bytes }
}
