import type { Call, Reply, Service } from '../call.ts'
import { after, now, since, until } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import { Problem, strongest } from '../problem.ts'
import type { Acknowledged, Incoming, Outgoing } from './broker.ts'
import { Waiter } from './correlate.ts'
import { commandRecord } from './request.ts'
import type { Replies, RequestOptions } from './request.ts'
import { asAttempt, envelope, replyReader, valueOf, waitAsked } from './wire/index.ts'

export type Silence = 'resend' | 'hedge'

/** Decides whether and when a call is sent again. A granted repetition is taken from the budget at once. */
export interface Repeats {
  /** Called when a call is sent for the first time. */
  begin(): void
  /** Milliseconds of silence after the acknowledgement before `silent` is to be asked; null: never. */
  silenceMs(): number | null
  /** Whether the call, silent until now, is sent once more. */
  silent(call: Call): boolean
  /** Whether replies of that status are sent again at all. */
  invites(status: number): boolean
  /** Milliseconds until the call is sent again after such a reply, `askedMs` at least; null when the reply is its answer. */
  waitMs(call: Call, status: number, retries: number, askedMs: number): number | null
  /** Called with the time from the acknowledgement to a reply. */
  replied(ms: number): void
}

/** `again` publishes repetitions, without retries of its own. `partitionFor` may throw a Problem. */
export type RepeatParts = Readonly<{
  publish: Service<Outgoing, Acknowledged>
  again: Service<Outgoing, Acknowledged>
  replies: Replies
  partitionFor: (topic: string, key: Uint8Array | null) => number
  repeats: Repeats
}>

/**
 * As requestReply, for a route whose commands may be sent again though the broker has accepted them: after a silence, or
 * after a reply that invites to it. All sendings have the identity and the correlation id of the first, and one waiter:
 * the reply to any of them answers the call.
 */
export function repeatedRequest(parts: RepeatParts, options: RequestOptions): Service<Call, Reply> {
  const wire: Wire = { headers: envelope(options), value: valueOf(options), read: replyReader(options) }
  return async function request(call) {
    const asking = new Asking(parts, call, wire)
    try {
      asking.begin()
      return await asking.answer.promise
    } finally {
      asking.end()
    }
  }
}

/** How a route's commands are written, and the replies to them read. */
type Wire = Readonly<{
  headers: ReturnType<typeof envelope>
  value: ReturnType<typeof valueOf>
  read: ReturnType<typeof replyReader>
}>

/** One call with all its sendings. */
class Asking extends Waiter {
  readonly answer = Promise.withResolvers<Reply>()
  readonly #parts: RepeatParts
  readonly call: Call
  readonly #wire: Wire
  #first: Outgoing | null = null
  #patience: Alarm | null = null // until it may be sent once more
  #pause: Alarm | null = null // before it is sent again
  #kept: Reply | null = null // the reply that caused the repetition; it is the answer when the repetition fails
  #retries = 0
  #ended = false

  constructor(parts: RepeatParts, call: Call, wire: Wire) {
    super()
    this.#parts = parts
    this.call = call
    this.#wire = wire
  }

  begin(): void {
    const { progress } = this.call
    const begun = now()
    this.#parts.replies.expect(this, this.call)
    this.#parts.repeats.begin()
    this.#first = commandRecord(this.call, this.#wire.value(this.call), this.#wire.headers(this.call, this.id))
    progress.sendings++
    this.#parts.publish(this.#first).then(
      () => {
        progress.outcome = 'sent'
        this.sentAt = now()
        progress.publishMs = this.sentAt - begun
        this.#listen()
      },
      (error: unknown) => {
        progress.publishMs = since(begun)
        this.answer.reject(this.#failed(error))
      },
    )
  }

  end(): void {
    this.#ended = true
    this.cancel()
    this.#patience?.cancel()
    this.#pause?.cancel()
    this.call.signal.removeEventListener('abort', this)
    this.#parts.replies.forget(this)
  }

  #listen(): void {
    if (this.#ended) return
    const { expires, deadline } = this.call
    this.set(until(expires))
    const ms = this.#retries > 0 ? null : this.#parts.repeats.silenceMs()
    if (ms !== null && ms < until(deadline))
      this.#patience = after(ms, () => {
        if (this.#parts.repeats.silent(this.call)) this.#sendAgain()
      })
  }

  /** Prefers another partition, as the first may be the reason for the silence. */
  #sendAgain(): void {
    const { topic, key, progress } = this.call
    if (this.#first === null) return
    let { partition } = this.#first
    try {
      partition = this.#parts.partitionFor(topic, key)
    } catch {
      // the first partition is used again
    }
    progress.sendings++
    const headers = asAttempt(this.#first.headers, progress.sendings)
    this.#parts.again({ ...this.#first, partition, headers }).then(
      () => {
        progress.outcome = 'sent'
        // the pause before a retry is not the worker's time; after a silence it is unknown which sending is answered
        if (this.#retries > 0) this.sentAt = now()
      },
      (error: unknown) => {
        this.#failed(error)
        if (this.#kept !== null) this.answer.resolve(this.#kept) // else the first sending may still be answered
      },
    )
  }

  /** The command expired. */
  override ring(): void {
    this.abandon(new Problem('reply-timeout', `${this.worker} did not answer.`))
  }

  override abandon(problem: Problem): void {
    this.answer.reject(problem)
  }

  override take(record: Incoming): void {
    const { worker, progress } = this.call
    progress.outcome = 'sent' // a reply proves that the command is in the topic
    progress.reply = record
    try {
      const reply = this.#wire.read(record, worker)
      if (this.#isRepeated(reply, record)) this.#parts.replies.renew(this)
      else this.#settle(reply)
    } catch (error) {
      this.answer.reject(error)
    }
  }

  #isRepeated(reply: Reply, record: Incoming): boolean {
    const { signal, deadline } = this.call
    const { repeats } = this.#parts
    if (!repeats.invites(reply.status)) return false
    if (this.#pause !== null) return true // another reply to an earlier sending: the repetition goes ahead
    const askedMs = waitAsked(record, reply)
    const ms = askedMs === null ? null : repeats.waitMs(this.call, reply.status, this.#retries, askedMs)
    if (ms === null) return false
    this.#retries++
    this.#kept = reply
    this.#patience?.cancel()
    signal.addEventListener('abort', this)
    this.#pause = after(ms, () => {
      if (signal.aborted || until(deadline) === 0) return this.handleEvent() // the alarm was late
      this.#pause = null
      this.#sendAgain()
    })
    return true
  }

  #settle(reply: Reply): void {
    const { progress } = this.call
    const { sentAt } = this
    progress.workerMs = sentAt === null ? 0 : since(sentAt)
    if (sentAt !== null && this.#retries === 0) this.#parts.repeats.replied(progress.workerMs)
    this.answer.resolve(reply)
  }

  /** The client is gone: a repetition that waits is not sent. */
  handleEvent(): void {
    if (this.#pause !== null && this.#kept !== null) this.#settle(this.#kept)
  }

  #failed(error: unknown): Problem {
    const problem = Problem.from(error)
    const { progress } = this.call
    progress.outcome = strongest(progress.outcome, problem.outcome)
    return problem
  }
}
