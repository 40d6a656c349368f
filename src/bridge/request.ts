import { ask } from '../call.ts'
import type { Call, Reply, Service } from '../call.ts'
import { now, since, until } from '../clock.ts'
import { Problem, strongest } from '../problem.ts'
import type { Acknowledged, Handler, Headers, Incoming, Outgoing } from './broker.ts'
import { Waiter } from './correlate.ts'
import type { Correlator } from './correlate.ts'
import { unmarked } from './unmarked.ts'
import { correlationNames, correlationOf, envelope, replyReader, valueOf } from './wire/index.ts'
import type { Dialect, Envelope, ReplyOptions } from './wire/index.ts'

/** Where calls wait for their replies: known by ids of ours, or by what domain events are known by. */
export interface Replies {
  /** To be called before publishing; `forget` must follow in the end. May throw a Problem. */
  expect(waiter: Waiter, call: Call): void
  renew(waiter: Waiter): void
  forget(waiter: Waiter): void
  /** The broker has the command. */
  sent?(waiter: Waiter): void
}
export type RequestOptions = Envelope & ReplyOptions

/** What all calls of a route share. */
type Parts = Readonly<{
  publish: Service<Outgoing, Acknowledged>
  replies: Replies
  headers: ReturnType<typeof envelope>
  value: ReturnType<typeof valueOf>
  read: ReturnType<typeof replyReader>
}>

/**
 * Publishes the command and waits for its reply: the innermost service of a command or query route. `publish` is itself a
 * pipe (retry, breaker of the cluster, attempt, broker). One waiter and one correlation id for the whole call: the reply to
 * any sending answers it, even one that overtakes the broker's acknowledgement. Once published the call is held until the
 * reply or `expires`, though the client may be gone: the command is in the topic, and the slot it holds upstream is what
 * keeps the topic short. Throws reply-timeout, bad-reply, or what publishing throws.
 */
export function requestReply(
  publish: Service<Outgoing, Acknowledged>,
  replies: Replies,
  options: RequestOptions,
): Service<Call, Reply> {
  const parts: Parts = {
    publish,
    replies,
    headers: envelope(options),
    value: valueOf(options),
    read: replyReader(options),
  }
  return function request(call) {
    return new Promise((resolve, reject) => new Asking(parts, call, resolve, reject).begin())
  }
}

/** Everything that is kept of a call while it waits. It has no private methods, as these would add a brand to each object. */
class Asking extends Waiter {
  readonly #parts: Parts
  readonly call: Call
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (reason: unknown) => void
  #ended = false

  constructor(parts: Parts, call: Call, resolve: (reply: Reply) => void, reject: (reason: unknown) => void) {
    super()
    this.#parts = parts
    this.call = call
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    const { publish, replies, headers, value } = this.#parts
    const { progress } = this.call
    const begun = now()
    replies.expect(this, this.call)
    progress.sendings++
    ask(publish, commandRecord(this.call, value(this.call), headers(this.call, this.id))).then(
      () => {
        progress.outcome = 'sent'
        this.sentAt = now()
        progress.publishMs = this.sentAt - begun
        if (this.#ended) return
        this.set(until(this.call.expires))
        replies.sent?.(this)
      },
      (error: unknown) => {
        const problem = Problem.from(error)
        progress.outcome = strongest(progress.outcome, problem.outcome)
        progress.publishMs = since(begun)
        this.abandon(problem)
      },
    )
  }

  override take(record: Incoming): void {
    const { progress, worker } = this.call
    this.end()
    progress.outcome = 'sent' // a reply proves that the command is in the topic
    progress.workerMs = this.sentAt === null ? 0 : since(this.sentAt)
    progress.reply = record
    try {
      this.#resolve(this.#parts.read(record, worker))
    } catch (error) {
      this.#reject(error)
    }
  }

  /** The command expired. */
  override ring(): void {
    this.abandon(new Problem('reply-timeout', `${this.worker} did not answer.`))
  }

  override abandon(problem: Problem): void {
    this.end()
    this.#reject(problem)
  }

  end(): void {
    this.#ended = true
    this.cancel()
    this.#parts.replies.forget(this)
  }
}

/** The record of a command, for its first sending. */
export const commandRecord = (
  { topic, partition, key, signal }: Call,
  value: Uint8Array | null,
  headers: Headers,
): Outgoing => ({
  topic,
  partition,
  key,
  value,
  headers,
  acks: 'all',
  signal,
})

/** Handles the records of the reply topic: each goes to the call that waits for it. `dialects` are those of the workers. */
export function settleReplies(replies: Correlator, dialects: readonly Dialect[] = []): Handler {
  const names = correlationNames(dialects)
  const isOurs = (id: string): boolean => replies.issued(id)
  const missed = unmarked(dialects)
  return function settle(record) {
    const id = correlationOf(record, names, isOurs)
    if (id === null) missed(record)
    replies.settle(id, record)
  }
}
