import type { Signal } from '../../aborter.ts'
import { headerOf } from '../../call.ts'
import type { Ask, Pair, Reply } from '../../call.ts'
import { later, pause } from '../../clock.ts'
import { retryAfterOf } from '../../retryafter.ts'
import { Problem, strongest } from '../../problem.ts'
import type { Command } from '../../worker/command.ts'
import type { Answer } from '../../worker/index.ts'
import { GivenUp } from '../dead.ts'
import type { DeadReason } from '../dead.ts'
import { isIdempotent } from '../upstreams/index.ts'
import { Window } from './window.ts'
import type { OutboundCall } from './inflight.ts'

/** Who is called: an upstream. */
export type Callee = Readonly<{
  serve: (ask: Ask) => Promise<Reply>
  /** Resolves when a call can be sent, or the signal aborts. */
  free: (signal: Signal) => Promise<void>
}>
export type CallerOptions = Readonly<{
  method: string // of commands that name none
  path: string
  timeoutMs: number // of one call
  concurrency: number // calls at once; fewer where the upstream refuses some of them
  attempts: number // that may have reached the upstream
  baseMs: number
  capMs: number
  retryOn: readonly number[]
  repeatable: boolean
  replyHeaders: readonly string[]
  /** Why a path cannot be asked for, or null. */
  flaw: (target: string) => string | null
}>

/** Statuses by which an upstream says that more came than it takes. */
const tooMany: ReadonlySet<number> = new Set([429, 503])

/** Statuses of which nobody knows whether the request was served. */
const inDoubt: ReadonlySet<number> = new Set([502, 504])

/** What is no reply. `unsent`: the upstream has not got it. `waitMs` is what it asks for at least. */
type Failure = Readonly<{ reason: 'unsent' | DeadReason; detail: string; waitMs: number }>

/**
 * Makes the function that turns a command into an HTTP request, and its answer into the reply. While no endpoint takes calls it
 * waits, so that the partition stands still; what did not reach the upstream is tried again until the command expires. What
 * the upstream answers with one of `retryOn`, or leaves in doubt, is tried as often as it may, and then given up.
 */
export function caller(callee: Callee, options: CallerOptions): (call: OutboundCall) => Promise<Answer> {
  const { attempts, timeoutMs, baseMs, capMs } = options
  const passes = new Set(options.replyHeaders)
  const failureOf = failures(options)
  const window = new Window(options.concurrency)
  return async ({ command, signal: left, progress }) => {
    const told = toldOf(command, options)
    for (let reached = 0, tries = 0; ; tries++) {
      await window.enter(left)
      await callee.free(left)
      if (left.aborted) {
        window.leave('untold')
        throw left.reason
      }
      const ask = { told, body: command.body, deadline: later(timeoutMs), signal: left }
      const before = progress.outcome
      progress.sendings++
      progress.outcome = 'in-doubt'
      const answer = await callee.serve(ask).catch((error: unknown) => Problem.from(error))
      window.leave(answer instanceof Problem ? 'untold' : tooMany.has(answer.status) ? 'refused' : 'served')
      if (left.aborted) throw left.reason
      progress.outcome = strongest(before, answer instanceof Problem ? answer.outcome : 'sent')
      const failure = failureOf(ask, answer)
      if (failure === null) return answerOf(answer as Reply, passes)
      const { reason, detail, waitMs } = failure
      if (reason !== 'unsent') reached++
      if (reason !== 'unsent' && (reason !== 'exhausted' || reached >= attempts))
        throw new GivenUp({ reason, detail, attempts: reached })
      await pause(Math.max(waitMs, Math.random() * Math.min(capMs, baseMs * 2 ** Math.min(tries, 20))), left)
    }
  }
}

/** Makes the function that says what an answer lacks to be the reply, or null. What may be tried again is `exhausted`. */
function failures({ retryOn, repeatable }: CallerOptions): (ask: Ask, answer: Reply | Problem) => Failure | null {
  return (ask, answer) => {
    const again = repeatable || isIdempotent(ask) ? 'exhausted' : 'in-doubt'
    if (!(answer instanceof Problem)) {
      if (!retryOn.includes(answer.status)) return null
      const reason = inDoubt.has(answer.status) ? again : 'exhausted'
      return { reason, detail: `The upstream answered ${answer.status}.`, waitMs: askedMs(answer) }
    }
    const { code, outcome, message: detail } = answer
    if (code === 'invalid-request') return { reason: 'poison', detail, waitMs: 0 }
    return { reason: outcome === 'not-sent' ? 'unsent' : outcome === 'sent' ? 'refused' : again, detail, waitMs: 0 }
  }
}

/** Longest that a Retry-After is waited for. */
const longestMs = 60_000

/** How long the upstream asks to wait. */
function askedMs({ headers }: Reply): number {
  return Math.min(longestMs, retryAfterOf(headerOf(headers, 'retry-after')) ?? 0)
}

/** What the upstream is told. Throws GivenUp for what cannot be a request. */
function toldOf(command: Command, { method, path, flaw }: CallerOptions): Ask['told'] {
  const told = {
    method: command.method === '' ? method : command.method,
    path: command.path === '' ? path : command.path,
    query: command.query,
    params: [],
    headers: headersOf(command),
    contentType: command.contentType,
    trace: command.trace,
    ...(command.contentEncoding !== null && { contentEncoding: command.contentEncoding }),
  }
  const why = /^[A-Z]{1,20}$/.test(told.method)
    ? flaw(told.query === '' ? told.path : `${told.path}?${told.query}`)
    : 'The method is none.'
  if (why !== null) throw new GivenUp({ reason: 'poison', detail: why, attempts: 0 })
  return told
}

/** Its identity tells an upstream that knows Idempotency-Keys what it has done already: a command may come twice. */
function headersOf({ id, headers }: Command): readonly Pair[] {
  const known = id === null || headers.some(([name]) => name === 'idempotency-key')
  return known ? headers : [...headers, ['idempotency-key', `"${id}"`]]
}

const answerOf = ({ status, headers, body }: Reply, passes: ReadonlySet<string>): Answer => ({
  status,
  headers: headers.filter(([name]) => passes.has(name)),
  body: body.length === 0 ? undefined : body,
})
