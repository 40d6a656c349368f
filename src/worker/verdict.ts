import type { Reply } from '../call.ts'
import { problem, Refusal, toReply } from './answer.ts'
import type { Job } from './job.ts'
import type { CommandHandler } from './options.ts'

/** What became of a command in the hands of its handler. `stopped`: nothing was decided, it comes again elsewhere. */
export type Verdict =
  | Readonly<{ kind: 'served' | 'expired'; reply: Reply }>
  | Readonly<{ kind: 'poison'; reply: Reply; cause: unknown }>
  | Readonly<{ kind: 'stopped' }>

/** The notice to whoever still waits for a command that nobody did, as it was too late. */
export const expired = toReply(problem(504, 'The command expired before it was done.', { code: 'expired' }))
const failure = toReply(problem(500, 'The worker failed.')) // what was thrown is for the log: it may name what is secret

/** Has the command done. Never rejects. */
export async function decide(job: Job, handler: CommandHandler): Promise<Verdict> {
  const { command, signal, expires } = job
  try {
    return { kind: 'served', reply: toReply(await handler(command, { signal, expires })) }
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
  if (job.ended === 'expired') return { kind: 'expired', reply: expired }
  return { kind: 'poison', reply: failure, cause }
}
