import { ask } from '../../call.ts'
import type { Abortable, Policy } from '../../call.ts'
import { after } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Target } from '../../problem.ts'
import { spent } from './circuit.ts'
import type { Circuit } from './circuit.ts'
import type { Source } from './health.ts'
import { refusal } from '../refusal.ts'
import type { Labels } from '../refusal.ts'

export type BreakerOptions<In, Out> = Readonly<{
  policy: string // who refuses: one word for the worker's breaker, another for the cluster's
  blames: Target // the problems that are this target's fault; all others are no verdict
  labels: (input: In) => Labels
  /** Who asked for what: without it every failure counts as if it were of another client. */
  source?: (input: In) => Source
  /** Names the error in a result, such as a reply of 503; null for a good one. */
  failed?: (result: Out) => string | null
  /** How long the target took, in milliseconds, once it has answered; without it no success is slow. */
  tookMs?: (input: In) => number
  /** Whether a result says nothing of the target. */
  silent?: (input: In) => boolean
  /** Asked when a problem blames the target: true when the fault may be ours or the client's, and so proves nothing; and of a slow success. */
  excused?: (input: In) => boolean
  /** Tells after `ms` whether the silence is the target's already, where calls outlive the wait of their clients. */
  silence?: Readonly<{ ms: number; blamed: (input: In) => boolean }>
}>

/** Stops calling a target that keeps failing. The circuit is the target's: routes share it. Throws circuit-open. */
export function breaker<In extends Abortable, Out>(
  circuit: Circuit,
  { policy, blames, labels, source, failed, tookMs, silent, excused, silence }: BreakerOptions<In, Out>,
): Policy<In, Out> {
  const [enforced, observed] = [refusal(policy, 'enforce'), refusal(policy, 'observe')]
  const isSlow = (input: In): boolean =>
    tookMs !== undefined && circuit.isSlow(tookMs(input)) && excused?.(input) !== true
  return next =>
    function breaker(input) {
      const admitted = circuit.admit()
      if (admitted === null) {
        const refuse = circuit.mode === 'enforce' ? enforced : observed // an operator may change it
        const refused = refuse(labels(input), circuit.refusal(policy))
        return refused === null ? next(input) : Promise.reject(refused) // observed: let through, but without a verdict
      }
      let pass = admitted
      const alarm =
        silence &&
        after(silence.ms, () => {
          if (!silence.blamed(input) || excused?.(input) === true) return
          circuit.judge(pass, 'failure', 'silence', source?.(input))
          pass = spent // one verdict a call
        })
      return ask(next, input).then(
        result => {
          alarm?.cancel()
          const failure = failed === undefined ? null : failed(result)
          if (silent?.(input) === true) circuit.judge(pass, 'none')
          else if (failure === null) circuit.judge(pass, isSlow(input) ? 'slow' : 'success')
          else circuit.judge(pass, 'error', failure)
          return result
        },
        (error: unknown) => {
          alarm?.cancel()
          const { spec, code } = Problem.from(error)
          const verdict = spec.blames === blames && excused?.(input) !== true ? 'failure' : 'none'
          circuit.judge(pass, verdict, code, source?.(input))
          throw error
        },
      )
    }
}
