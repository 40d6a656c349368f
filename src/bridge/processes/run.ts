import type { StepOptions } from '../../../config/schema/index.ts'
import type { Started, StepEvent } from '../operations/event.ts'
import { holds } from './when.ts'

export type StepState =
  | 'waiting'
  | 'running'
  | 'done'
  | 'skipped'
  | 'refused'
  | 'failed'
  | 'late'
  | 'undoing'
  | 'undone'
  | 'not-undone'
/** `reply` is the body of the reply that did it, as text; null: there is none, or it is no text. */
export type Step = Readonly<{ state: StepState; status: number | null; reply: string | null }>

/** What the events of a process add up to: the same on every instance, and whoever asks. Times are epoch milliseconds. */
export type Run = Readonly<{
  started: Started
  n: number // events that counted
  offset: number // of the latest of them in the log
  by: string // the incarnation that wrote it: the first to go on
  phase: 'forward' | 'undo' | 'parked' | 'done' | 'undone'
  at: number // the step under way
  attempt: number
  round: number // of undoing: another after each time that an answer has parked it
  notBefore: number // when its command is to be sent
  sentAt: number | null
  steps: readonly Step[]
  cause: string // why it is undone, or parked
}>

const longestBackoffMs = 3_600_000
const afresh: Pick<Run, 'attempt' | 'notBefore' | 'sentAt'> = { attempt: 1, notBefore: 0, sentAt: null }

/** A process at its beginning. */
export function begun(started: Started, by: string, offset: number): Run {
  const steps = started.plan.steps.map((): Step => ({ state: 'waiting', status: null, reply: null }))
  return onward({ started, n: 0, offset, by, phase: 'forward', at: -1, steps, round: 0, cause: '', ...afresh })
}

/** How the command of the step under way is sent. */
export function sendingOf({ started, at, phase }: Run): StepOptions | NonNullable<StepOptions['undo']> | null {
  const step = started.plan.steps[at] ?? null
  return phase === 'forward' ? step : (step?.undo ?? null)
}

/** The process after an event. Of several that would be the next the first in the log counts, and the others change nothing. */
export function happened(run: Run, event: StepEvent, offset: number): Run {
  if (event.n !== run.n + 1) return run
  const now: Run = { ...run, n: event.n, by: event.by, offset }
  if (event.what === 'resumed') return run.phase === 'parked' ? { ...now, phase: 'undo', ...afresh } : now
  if (run.phase !== 'forward' && run.phase !== 'undo') return now
  if (event.what === 'sent') return { ...now, sentAt: event.at }
  return event.what === 'silent' ? again(now, event, 'late') : answered(now, event)
}

function answered(run: Run, event: StepEvent): Run {
  const { status = 500, reply = null } = event
  const isDone = status < 400 || sendingOf(run)?.doneOn.includes(status) === true
  const isForward = run.phase === 'forward'
  if (isDone) {
    if (!isForward) return backward(marked(run, { state: 'undone' }), run.at - 1)
    return onward(marked(run, { state: 'done', status, reply }))
  }
  if (status >= 500) return again(run, event, 'failed')
  const cause = `${nameOf(run)} answered ${status}`
  return isForward
    ? backward({ ...marked(run, { state: 'refused', status, reply }), cause }, run.at - 1)
    : parked({ ...run, round: run.round + 1 }, cause)
}

/** Sends once more, or gives up: what may have been done has to be undone. */
function again(run: Run, { at, status }: StepEvent, state: 'failed' | 'late'): Run {
  const { attempts = 1, backoffMs = 0 } = sendingOf(run) ?? {}
  if (run.attempt < attempts) {
    const backoff = Math.min(longestBackoffMs, backoffMs * 2 ** (run.attempt - 1))
    return { ...run, attempt: run.attempt + 1, sentAt: null, notBefore: at + backoff }
  }
  const cause = state === 'late' ? `${nameOf(run)} was silent` : `${nameOf(run)} answered ${status}`
  return run.phase === 'forward'
    ? backward({ ...marked(run, { state, status: status ?? null }), cause }, run.at)
    : parked(state === 'late' ? run : { ...run, round: run.round + 1 }, cause) // silence may yet be answered
}

/** To the next step whose condition holds. */
function onward(run: Run): Run {
  const { plan } = run.started
  const steps = [...run.steps]
  for (let at = run.at + 1; at < steps.length; at++) {
    const isWanted = holds(plan, steps, at)
    steps[at] = { state: isWanted ? 'running' : 'skipped', status: null, reply: null }
    if (isWanted) return { ...run, steps, at, ...afresh }
  }
  return { ...run, steps, phase: 'done' }
}

const maybeDone: ReadonlySet<StepState> = new Set(['done', 'failed', 'late'])

/** To the last step up to there that has to be undone. */
function backward(run: Run, from: number): Run {
  const at = run.steps.findLastIndex(
    ({ state }, at) => at <= from && maybeDone.has(state) && run.started.plan.steps[at]?.undo !== undefined,
  )
  if (at === -1) return { ...run, phase: 'undone' }
  return marked({ ...run, phase: 'undo', at, ...afresh }, { state: 'undoing' })
}

const parked = (run: Run, cause: string): Run => ({
  ...marked(run, { state: 'not-undone' }),
  phase: 'parked',
  cause: `${run.cause}; undoing it failed: ${cause}`,
})

const nameOf = ({ started, at }: Run): string => started.plan.steps[at]?.name ?? ''
const marked = (run: Run, said: Partial<Step>): Run => ({
  ...run,
  steps: run.steps.map((step, at) => (at === run.at ? { ...step, ...said } : step)),
})

/** When the next thing is to be done for a process, in epoch milliseconds; null: nothing is, as it is parked. */
export function dueOf(run: Run): number | null {
  if (run.phase === 'parked') return null
  if (run.phase === 'done' || run.phase === 'undone') return 0
  return run.sentAt === null ? run.notBefore : run.sentAt + (sendingOf(run)?.timeoutMs ?? 0)
}
