import type { Call, Policy, Reply } from '../call.ts'
import { after } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { Problem } from '../problem.ts'
import { refusal } from './refusal.ts'
import { refused } from './stuck.ts'
import type { StuckPartitions } from './stuck.ts'

export type PartitionOptions = Readonly<{
  /** True when a silence since then may be ours, or soon over, and so proves nothing. */
  excused?: ((since: Instant) => boolean) | undefined
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
  return next =>
    async function partition(call) {
      const ticket = partitions.admit(call)
      if (ticket === refused) {
        const problem = refuse(call, partitions.refusal(call.partition))
        if (problem !== null) throw problem
      }
      let judged = false // one verdict a call
      const silent = (): void => {
        judged = true
        if (excused?.(call.started) !== true) partitions.silent(call, ticket)
      }
      const alarm =
        silenceMs === undefined
          ? undefined
          : after(silenceMs, () => {
              if (call.progress.outcome === 'sent' && !isElsewhere(call)) silent()
            })
      try {
        const reply = await next(call)
        if (!judged && !isElsewhere(call)) partitions.answered(call)
        return reply
      } catch (error) {
        const { code } = Problem.from(error)
        if (judged || isElsewhere(call)) throw error
        if (code === 'reply-timeout') silent()
        else if (code === 'bad-reply') partitions.answered(call)
        throw error
      } finally {
        alarm?.cancel()
        partitions.release(call, ticket)
      }
    }
}

/** Sent again to another partition: who answered, or did not, cannot be told. */
const isElsewhere = ({ key, progress }: Call): boolean => key === null && progress.sendings > 1
