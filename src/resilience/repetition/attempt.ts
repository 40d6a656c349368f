import type { Signal } from '../../aborter.ts'
import type { Abortable, Policy } from '../../call.ts'
import { after } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { Branch } from '../branch.ts'

/**
 * Gives one attempt at most `limitMs`. It only aborts: what the silence means (not sent, in doubt) is for whoever was
 * sending to say. Cooperative: a service settles when its signal aborts, so no work is left behind; or goes on until its
 * `patience` ends, where it does better by waiting than by leaving the caller in doubt.
 */
export const attempt =
  <In extends Abortable & Readonly<{ patience?: Signal }>, Out>(limitMs: number): Policy<In, Out> =>
  next =>
    async function attempt(input) {
      using limit = new Branch(input.signal)
      const alarm = after(limitMs, () => limit.abort(new Problem('publish-timeout', `Not done within ${limitMs} ms.`)))
      try {
        return await next({ ...input, signal: limit.signal, patience: input.signal })
      } finally {
        alarm.cancel()
      }
    }
