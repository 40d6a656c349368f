import type { Endpoint } from './endpoint.ts'

/** What of an endpoint decides whether it is chosen. */
export type Choice = Pick<Endpoint, 'healthy' | 'ejected' | 'onProbation' | 'full' | 'underWay'> &
  Readonly<{ guard: Pick<Endpoint['guard'], 'refusal'> }>

const usable = (endpoint: Choice): boolean => endpoint.healthy && !endpoint.full && endpoint.guard.refusal() === null

/** Whether another is better: it was put aside, or is on probation and has its one call already. */
const spared = ({ ejected, onProbation, underWay }: Choice): boolean => ejected || (onProbation && underWay > 0)

/**
 * The better of two at random, by calls under way (Mitzenmacher 2001, the power of two choices); null when none can take a
 * call. What is spared is used when nothing else is left.
 */
export function choose<E extends Choice>(endpoints: readonly E[], tried: readonly E[]): E | null {
  const [only] = endpoints
  if (endpoints.length === 1) return only !== undefined && tried.length === 0 && usable(only) ? only : null
  const left = endpoints.filter(endpoint => usable(endpoint) && !tried.includes(endpoint))
  const preferred = left.filter(endpoint => !spared(endpoint))
  const best = preferred.length > 0 ? preferred : left
  if (best.length < 2) return best[0] ?? null
  const first = Math.floor(Math.random() * best.length)
  const second = (first + 1 + Math.floor(Math.random() * (best.length - 1))) % best.length
  const [a, b] = [best[first] as E, best[second] as E]
  return b.underWay < a.underWay ? b : a
}
