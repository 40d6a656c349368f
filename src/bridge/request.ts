import type { Call, Reply, Service } from '../call.ts'
import { after, now, since, until } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import { Problem, strongest } from '../problem.ts'
import type { Acknowledged, Incoming, Outgoing } from './broker.ts'
import type { Correlator } from './correlate.ts'
import { correlationOf, envelope, readReply } from './wire.ts'
import type { Envelope } from './wire.ts'

/** Where calls wait for their replies. */
export type Replies = Pick<Correlator, 'expect'>
export type RequestOptions = Envelope & Readonly<{ maxReplyBytes: number }>

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
  const headers = envelope(options)
  return async function request(call) {
    const { promise, resolve, reject } = Promise.withResolvers<Incoming>()
    const { progress } = call
    const waiter = replies.expect(call.worker, resolve, reject)
    let silence: Alarm | undefined
    let replied = false
    const begun = now()
    progress.sendings++
    try {
      publish({
        topic: call.topic,
        partition: call.partition,
        key: call.key,
        value: call.body,
        headers: headers(call, waiter.id),
        acks: 'all',
        signal: call.signal,
      }).then(
        () => {
          progress.outcome = 'sent'
          waiter.sentAt = now()
          progress.publishMs = waiter.sentAt - begun
          if (replied) return
          silence = after(until(call.expires), () =>
            reject(new Problem('reply-timeout', `${call.worker} did not answer.`)),
          )
        },
        (error: unknown) => {
          const problem = Problem.from(error)
          progress.outcome = strongest(progress.outcome, problem.outcome)
          progress.publishMs = since(begun)
          reject(problem)
        },
      )
      const record = await promise
      progress.outcome = 'sent' // it was answered, whatever became of the acknowledgement
      progress.workerMs = waiter.sentAt === null ? 0 : since(waiter.sentAt)
      return readReply(record, call.worker, options.maxReplyBytes)
    } finally {
      replied = true
      silence?.cancel()
      waiter.forget()
    }
  }
}

/** The inbox: hands each record of the reply topic to whoever waits for it. */
export const settleReplies =
  (replies: Correlator) =>
  (record: Incoming): void => {
    replies.settle(correlationOf(record), record)
  }
