import { ask } from '../../call.ts'
import type { Call, Policy, Reply } from '../../call.ts'
import { Timed } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { refusal } from '../refusal.ts'
import { refused } from './stuck.ts'
import type { StuckPartitions, Ticket } from './stuck.ts'

export type PartitionOptions = Readonly<{
  /** True when a silence since then may be ours, or soon over, and so proves nothing. */
  excused?: ((since: Instant, partition: number) => boolean) | undefined
  /** How long silence is enough, where calls outlive the wait of their clients. */
  silenceMs?: number | undefined
}>

/**
 * Notes of each partition whether it answers, and refuses calls whose key is in one that does not. Inside the breaker,
 * which asks afterwards whose failure a silence was. Throws partition-stuck.
 */
export function partition(
  partitions: StuckPartitions,
  { excused, silenceMs }: PartitionOptions = {},
): Policy<Call, Reply> {
  const refuse = refusal('partition', partitions.mode)
  const silent = (call: Call, ticket: Ticket): void => {
    if (excused?.(call.started, call.partition) !== true) partitions.silent(call, ticket)
  }
  return next =>
    function partition(call) {
      const ticket = partitions.admit(call)
      if (ticket === refused) {
        const problem = refuse(call, partitions.refusal(call.partition))
        if (problem !== null) return Promise.reject(problem)
      }
      const silence = silenceMs === undefined ? null : new Outlived(call, () => silent(call, ticket))
      silence?.set(silenceMs ?? 0)
      return ask(next, call).then(
        reply => {
          silence?.cancel()
          if (silence?.judged !== true && !isElsewhere(call) && !call.progress.accepted) partitions.answered(call)
          partitions.release(call, ticket)
          return reply
        },
        (error: unknown) => {
          silence?.cancel()
          const { code } = Problem.from(error)
          if (silence?.judged !== true && !isElsewhere(call)) {
            if (code === 'reply-timeout') silent(call, ticket)
            else if (code === 'bad-reply') partitions.answered(call)
          }
          partitions.release(call, ticket)
          throw error
        },
      )
    }
}

/** Judges a call that outlives the wait of its client, when that is over. */
class Outlived extends Timed {
  judged = false // one verdict a call
  readonly #call: Call
  readonly #silent: () => void

  constructor(call: Call, silent: () => void) {
    super()
    this.#call = call
    this.#silent = silent
  }

  override ring(): void {
    if (this.#call.progress.outcome !== 'sent' || isElsewhere(this.#call)) return
    this.judged = true
    this.#silent()
  }
}

/** Sent again to another partition: who answered, or did not, cannot be told. */
const isElsewhere = ({ key, progress }: Call): boolean => key === null && progress.sendings > 1
