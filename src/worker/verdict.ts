import type { Reply } from '../call.ts'
import { isoTime, wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import { problem, Refusal, toReply } from './answer.ts'
import { GivenUp } from '../bridge/dead.ts'
import type { Origin } from '../bridge/wire/index.ts'
import type { Job } from './job.ts'
import type { CommandHandler } from './options.ts'

/** How a handler ended. `stopped`: nothing was decided, and another member gets the command. */
export type Verdict =
  | Readonly<{ kind: 'served' | 'expired' | 'cancelled'; reply: Reply }>
  | Readonly<{ kind: 'poison'; reply: Reply; cause: unknown }>
  | Readonly<{ kind: 'dead'; death: GivenUp['death'] }>
  | Readonly<{ kind: 'stopped' }>

/**
 * The reply to a command that expired before it was begun or done. It names both times, and how old the command is by them:
 * where it has waited less, a clock is wrong.
 */
export function expired({ expires, writtenAt }: Pick<Origin, 'expires' | 'writtenAt'>): Reply {
  const at = wallClock()
  const times =
    expires === null
      ? ''
      : ` It was to be done until ${isoTime(Math.max(0, expires) as EpochMs)} by the clock of the gateway; here it is ${isoTime(at)}.`
  const age =
    writtenAt === null
      ? ''
      : ` By these clocks it was written ${((at - writtenAt) / 1_000).toFixed(1)} s ago: if it was not, they differ.`
  return toReply(problem(504, `The command expired before it was done.${times}${age}`, { code: 'expired' }))
}
/** The reply to a command that its client cancelled, for whoever waits for it. */
export const cancelled = toReply(problem(410, 'The command was cancelled.', { code: 'cancelled' }))
const failure = toReply(problem(500, 'The worker failed.')) // the error itself may hold secrets: it goes to the log only

type Report = (percent: number, note?: string) => void

/** Runs the handler. Never rejects. */
export async function decide(job: Job, handler: CommandHandler, report: Report): Promise<Verdict> {
  const { command, signal, expires } = job
  try {
    return { kind: 'served', reply: toReply(await handler(command, { signal, expires, progress: report })) }
  } catch (error) {
    return excuse(error, job)
  }
}

function excuse(error: unknown, job: Job): Verdict {
  let cause = error
  if (error instanceof Refusal)
    try {
      return { kind: 'served', reply: toReply(error) }
    } catch (unsendable) {
      cause = unsendable
    }
  if (job.ended === 'stopped') return { kind: 'stopped' }
  if (error instanceof GivenUp) return { kind: 'dead', death: error.death }
  if (job.ended === 'cancelled') return { kind: 'cancelled', reply: cancelled }
  if (job.ended === 'expired') return { kind: 'expired', reply: expired({ expires: job.expires, writtenAt: null }) }
  return { kind: 'poison', reply: failure, cause }
}
