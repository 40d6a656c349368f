import type { Answer } from './outlet.ts'

/**
 * What an answer means. `delivered`: the receiver has it. `ended`: it wants no more of anything. `refused`: it will never take
 * this one, whoever tries again. `slowed`: it asks to be left alone for a while. `retried`: something is wrong with it, which may
 * pass.
 */
export type Verdict = 'delivered' | 'ended' | 'refused' | 'slowed' | 'retried'

/** By status; all that are not here are `retried`: a wrong address, a lost credential or a redirect is the receiver's to mend. */
export const verdicts: ReadonlyMap<number, Verdict> = new Map([
  [410, 'ended'],
  ...[400, 406, 411, 413, 414, 415, 422, 431].map(status => [status, 'refused'] as const),
  ...[429, 503].map(status => [status, 'slowed'] as const),
])

export function verdictOf({ status, retryAfterMs }: Answer): Verdict {
  if (status >= 200 && status < 300) return 'delivered'
  const known = verdicts.get(status) ?? 'retried'
  return known === 'retried' && retryAfterMs !== null ? 'slowed' : known
}
