import type { Reply } from '../../call.ts'
import { problems } from '../../problem.ts'
import { jsonFrom } from '../feeds/content.ts'
import type { Ending } from '../operations/event.ts'
import type { Run } from './run.ts'

/** What a client sees of a process while it runs. */
export type Account = Readonly<{
  process: string
  phase: 'forward' | 'undo' | 'parked' | 'done' | 'undone'
  steps: readonly Readonly<{ name: string; state: string; status?: number }>[]
}>

export const accountOf = ({ started, phase, steps }: Run): Account => ({
  process: started.name,
  phase,
  steps: steps.map(({ state, status }, at) => ({
    name: started.plan.steps[at]?.name ?? '',
    state,
    ...(status !== null && { status }),
  })),
})

/** How a process ends in the log. */
export function endOf(run: Run, at: number): Ending {
  if (run.phase === 'done') return { kind: 'completed', reply: doneReply(run), at, lateMs: 0 }
  const isRefused = run.steps.some(({ state }) => state === 'refused')
  const detail = `${run.cause}: what was done has been undone.`
  return { kind: 'failed', code: isRefused ? 'process-refused' : 'process-failed', detail, outcome: 'sent', at }
}

/** All replies of the steps in one. */
function doneReply(run: Run): Reply {
  const { process, steps } = accountOf(run)
  const body = Buffer.from(
    JSON.stringify({ process, steps: steps.map((step, at) => ({ ...step, reply: replyOf(run, at) })) }),
  )
  // what the topic of the log does not take would leave the process without an end
  return {
    status: 200,
    headers: json,
    body: body.length <= mostBytes ? body : Buffer.from(JSON.stringify({ process, steps })),
  }
}

/** The problem of a process that was undone, with its steps. */
export function undoneReply(run: Run, { code, detail, outcome }: Extract<Ending, { kind: 'failed' }>): Reply {
  const { status, title } = problems[code]
  const body = { type: `urn:sluice:problem:${code}`, title, status, detail, code, outcome, ...accountOf(run) }
  return { status, headers: [['content-type', 'application/problem+json']], body: Buffer.from(JSON.stringify(body)) }
}

/** The reply of a step as JSON, or as text. */
export function replyOf({ steps }: Run, at: number): unknown {
  const text = steps[at]?.reply ?? null
  return text === null ? null : (jsonFrom(Buffer.from(text)) ?? text)
}

/** Of all replies together, where they are told with the end. */
const mostBytes = 786_432
const json = [['content-type', 'application/json']] as const
