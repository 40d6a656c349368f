import type { ModeName } from '../../../config/schema/index.ts'
import type { Call, Policy, Reply, Service } from '../../call.ts'
import { later, until } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { FallbackKind, FallbackResult } from '../../events.ts'
import { Problem, strongest } from '../../problem.ts'
import { Branch } from '../branch.ts'
import { deadline } from '../deadline.ts'
import type { Found, StaleReplies } from './stale.ts'

/** What is tried instead: an earlier reply, a fixed answer, or somebody else. An operation (202) will be one more. */
export type Step = Readonly<
  | { kind: 'stale'; replies: StaleReplies }
  | { kind: 'fixed'; reply: Reply }
  /** Only a `repeatable` call goes there although its command may be in the topic. */
  | { kind: 'upstream'; service: Service<Call, Reply>; timeoutMs: number; repeatable: boolean }
>
/** With `hurries` a call whose deadline comes near is answered too: at the deadline itself nobody waits any more. */
export type FallbackOptions = Readonly<{ mode: ModeName; steps: readonly Step[]; hurries: boolean }>

/** A defect or a mistake of ours (500) must be seen, 4xx is the caller's own. */
const failures: ReadonlySet<number> = new Set([502, 503, 504])
/** Of a reply: RFC 5861, 4. */
const failedReplies: ReadonlySet<number> = new Set([500, 502, 503, 504])
/** Left of the deadline for what is at hand, the word on a sending included; less when little is left. */
const atHandMs = 40

/**
 * Answers from elsewhere what the worker does not: a step that fails goes to the next, and the last failure stands. The outcome
 * stays that of the command. Throws what no step could mend.
 */
export function fallback({ mode, steps, hurries }: FallbackOptions): Policy<Call, Reply> {
  const stale = steps.filter(step => step.kind === 'stale')
  const mend = mode === 'enforce' ? instead : watched
  return next => {
    const served = hurries && mode === 'enforce' ? hurried(next, steps) : next
    return async function fallback(call) {
      let reply: Reply
      try {
        reply = await served(call)
      } catch (error) {
        const problem = Problem.from(error)
        if (!failures.has(problem.spec.status) || call.signal.aborted) throw error // nobody is there to be helped
        return await mend(call, steps, problem)
      }
      if (stale.length === 0) return reply
      if (failedReplies.has(reply.status)) return await mend(call, stale, reply)
      for (const { replies } of stale) replies.keep(call, reply)
      return reply
    }
  }
}

/** Cuts the call so early that the steps have time: half of what is left at most, and a tenth for what is at hand. */
function hurried(next: Service<Call, Reply>, steps: readonly Step[]): Service<Call, Reply> {
  const slowestMs = Math.max(0, ...steps.map(step => (step.kind === 'upstream' ? step.timeoutMs : 0)))
  const served = deadline<Reply>('enforce')(next)
  return async call => {
    const leftMs = until(call.deadline)
    const neededMs = Math.min(leftMs / 2, slowestMs + Math.min(leftMs / 10, atHandMs))
    using aborter = new Branch(call.signal) // what is cut here goes on elsewhere
    const { signal } = aborter
    return await served({ ...call, deadline: (call.deadline - neededMs) as Instant, signal, aborter })
  }
}

type Failure = Problem | Reply
const isProblem = (failure: Failure): failure is Problem => 'code' in failure

/** The first answer that a step has, else the last failure. */
async function instead(call: Call, steps: readonly Step[], failure: Failure): Promise<Reply> {
  let last: Failure = failure
  for (const step of steps) {
    try {
      const reply = await answer(step, call, failure)
      tell(call, step.kind, reply === null ? 'missed' : 'answered')
      if (reply !== null) return reply
    } catch (error) {
      last = Problem.from(error)
      tell(call, step.kind, 'failed')
      if (call.signal.aborted) break
    }
  }
  if (!isProblem(last)) return last
  throw isProblem(failure) ? last.withOutcome(strongest(last.outcome, failure.outcome)) : last
}

/** Of a policy that only observes: tells which step would have answered, as far as that is known without asking anybody. */
async function watched(call: Call, steps: readonly Step[], failure: Failure): Promise<Reply> {
  const step = steps.find(step => step.kind === 'fixed' || isAtHand(step, call, failure))
  if (step !== undefined) tell(call, step.kind, 'observed')
  if (isProblem(failure)) throw failure
  return failure
}

const isAtHand = (step: Step, call: Call, failure: Failure): boolean =>
  step.kind === 'stale' ? step.replies.find(call) !== null : step.kind === 'upstream' && mayGo(step, call, failure)

async function answer(step: Step, call: Call, failure: Failure): Promise<Reply | null> {
  if (step.kind === 'fixed') return step.reply
  if (step.kind === 'stale') {
    const found = step.replies.find(call)
    return found === null ? null : marked(found, failure)
  }
  if (!mayGo(step, call, failure)) return null
  return await step.service({ ...call, deadline: Math.min(call.deadline, later(step.timeoutMs)) as Instant })
}

/** What may run already must not run again elsewhere, unless it may. */
const mayGo = ({ repeatable }: Extract<Step, { kind: 'upstream' }>, { progress }: Call, failure: Failure): boolean =>
  repeatable || (isProblem(failure) && strongest(failure.outcome, progress.outcome) === 'not-sent')

/** As caches say it: RFC 9111, 5.1, and RFC 9211. */
function marked({ reply, ageMs }: Found, failure: Failure): Reply {
  const why = isProblem(failure) ? `detail=${failure.code}` : `fwd-status=${failure.status}; detail=${failure.status}`
  const own = [
    ['Age', String(Math.floor(ageMs / 1_000))],
    ['Cache-Status', `sluice; fwd=stale; ${why}`],
  ] as const
  return { ...reply, own }
}

function tell({ route }: Call, kind: FallbackKind, result: FallbackResult): void {
  if (events.fallback.hasSubscribers) events.fallback.publish({ route, kind, result })
}

/** The steps, for people. */
export const stateOf = (steps: readonly Step[]): unknown =>
  steps.map(step =>
    step.kind === 'stale'
      ? { kind: step.kind, replies: step.replies.size, bytes: step.replies.bytes }
      : step.kind === 'fixed'
        ? { kind: step.kind, status: step.reply.status }
        : { kind: step.kind, timeoutMs: step.timeoutMs, repeatable: step.repeatable },
  )
