import type { Call, Reply, Service } from '../call.ts'
import { now, since } from '../clock.ts'
import { Problem, strongest } from '../problem.ts'
import type { Acknowledged, Acks, Outgoing } from './broker.ts'
import { markOf } from './mark.ts'
import type { LogOf } from './past.ts'
import { asEvent, envelope, valueOf } from './wire/index.ts'
import type { Envelope } from './wire/index.ts'

export type NotifyOptions = Omit<Envelope, 'reply' | 'dialect'> &
  Readonly<{
    acks: Acks
    expose: boolean
    marks?: LogOf | null // given, the answer says what a view is to show to have seen it
  }>

const json = [['content-type', 'application/json']] as const

/**
 * Publishes an event: the innermost service of an event route. Answers 202 with the event's id once the broker has
 * acknowledged it; with `acks: none` nobody says whether it has, and the outcome stays in doubt.
 */
export function notify(publish: Service<Outgoing, Acknowledged>, options: NotifyOptions): Service<Call, Reply> {
  const written = { ...options, dialect: 'sluice', reply: null } as const
  const [headers, value] = [envelope(written), valueOf(written)]
  const { marks } = options
  return async function notify(call) {
    const { progress } = call
    const begun = now()
    progress.sendings++
    try {
      const { partition, offset, spooled } = await publish({
        topic: call.topic,
        partition: call.partition,
        key: call.key,
        value: value(call),
        headers: call.told.event === undefined ? headers(call, '') : asEvent(headers(call, ''), call.told.event),
        acks: options.acks,
        signal: call.signal,
      })
      // what waits on our disk is accepted for good, and may be in the topic at any time
      progress.outcome = options.acks === 'none' || spooled !== undefined ? 'in-doubt' : 'sent'
      if (spooled !== undefined) return accepted({ id: call.command, spooled: true })
      const place = options.expose ? { topic: call.topic, partition, offset: String(offset) } : {}
      const reply = accepted({ id: call.command, ...place })
      if (!marks || offset < 0n) return reply
      return { ...reply, own: [['Sluice-Position', markOf(call.topic, partition, offset, marks(call.topic))]] }
    } catch (error) {
      const problem = Problem.from(error)
      progress.outcome = strongest(progress.outcome, problem.outcome)
      throw problem
    } finally {
      progress.publishMs = since(begun)
    }
  }
}

const accepted = (said: object): Reply => ({ status: 202, headers: json, body: Buffer.from(JSON.stringify(said)) })
