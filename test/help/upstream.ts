import { unguarded, Upstream } from '../../src/bridge/upstreams/index.ts'
import type { UpstreamOptions, UpstreamParts } from '../../src/bridge/upstreams/index.ts'
import type { Ask, Call, Told } from '../../src/call.ts'
import { aCall } from './call.ts'

export const usualUpstream = {
  name: 'shop',
  connections: 4,
  connectMs: 500,
  maxReplyBytes: 100_000,
  attempts: 3,
  retryOn: [502, 503, 504],
} as const satisfies Omit<UpstreamOptions, 'urls'>

/** Endpoints without circuits, and repetitions without a bound, unless a test says otherwise. */
export const anUpstream = (
  urls: readonly string[],
  over: Partial<UpstreamOptions> = {},
  parts: Partial<UpstreamParts> = {},
): Upstream =>
  new Upstream(
    { ...usualUpstream, urls, ...over },
    { guard: () => unguarded, budget: { deposit: () => {}, withdraw: () => true }, ...parts },
  )

/** A GET, unless it says otherwise. */
export const anAsk = (told: Partial<Told> = {}, over: Partial<Call> = {}): Ask =>
  aCall({ told: { ...aCall().told, method: 'GET', ...told }, ...over })
