import { ask } from '../../call.ts'
import type { Abortable, Policy } from '../../call.ts'
import type { Signal } from '../../aborter.ts'
import { after, Timed } from '../../clock.ts'
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
  /** Whether the target has answered later calls than this, and so is not silent as a whole. */
  passedOver?: (input: In) => boolean
  /** Tells after `ms` whether the silence is the target's already, where calls outlive the wait of their clients. */
  silence?: Readonly<{ ms: number; blamed: (input: In) => boolean }>
  /** Where calls may outlive the end of their signal: so long after it the silence is a failure, as an error then is, if nobody else was answered since the call began. */
  overdueMs?: number
}>

/** Stops calling a target that keeps failing. The circuit is the target's: routes share it. Throws circuit-open. */
export function breaker<In extends Abortable, Out>(
  circuit: Circuit,
  {
    policy,
    blames,
    labels,
    source,
    failed,
    tookMs,
    silent,
    excused,
    passedOver,
    silence,
    overdueMs,
  }: BreakerOptions<In, Out>,
): Policy<In, Out> {
  const [enforced, observed] = [refusal(policy, 'enforce'), refusal(policy, 'observe')]
  const isSlow = (input: In): boolean =>
    tookMs !== undefined && circuit.isSlow(tookMs(input)) && excused?.(input) !== true
  const unanswered = (input: In): 'lost' | 'failure' => (passedOver?.(input) === true ? 'lost' : 'failure')
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
          circuit.judge(pass, unanswered(input), 'silence', source?.(input))
          pass = spent // one verdict a call
        })
      const overdue =
        overdueMs === undefined
          ? null
          : new Overdue(circuit, input.signal, overdueMs, why => {
              if (excused?.(input) === true) return
              circuit.judge(pass, 'failure', why, source?.(input))
              pass = spent
            })
      return ask(next, input).then(
        result => {
          alarm?.cancel()
          overdue?.release()
          const failure = failed === undefined ? null : failed(result)
          if (silent?.(input) === true) circuit.judge(pass, 'none')
          else if (failure === null) circuit.judge(pass, isSlow(input) ? 'slow' : 'success', undefined, source?.(input))
          else circuit.judge(pass, 'error', failure, source?.(input))
          return result
        },
        (error: unknown) => {
          alarm?.cancel()
          overdue?.release()
          const { spec, code } = Problem.from(error)
          const blamed = spec.blames === blames && overdue?.othersAnswered !== true && excused?.(input) !== true
          const verdict = blamed ? (code === 'reply-timeout' ? unanswered(input) : 'failure') : 'none'
          circuit.judge(pass, verdict, code, source?.(input))
          throw error
        },
      )
    }
}

/** Tells when nothing is heard for some time after a signal has aborted, of this call or of any other. */
class Overdue extends Timed {
  readonly #circuit: Circuit
  readonly #signal: Signal
  readonly #ms: number
  readonly #tell: (why: string) => void
  readonly #answers: number

  constructor(circuit: Circuit, signal: Signal, ms: number, tell: (why: string) => void) {
    super()
    this.#circuit = circuit
    this.#signal = signal
    this.#ms = ms
    this.#tell = tell
    this.#answers = circuit.answers
    signal.addEventListener('abort', this)
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.set(this.#ms)
  }

  /** The signal has aborted, though others were answered since this call began: it waits for something else than they. */
  get othersAnswered(): boolean {
    return this.#signal.aborted && this.#circuit.answers !== this.#answers
  }

  override ring(): void {
    if (!this.othersAnswered) this.#tell(Problem.from(this.#signal.reason).code)
  }

  release(): void {
    this.cancel()
    this.#signal.removeEventListener('abort', this)
  }
}
