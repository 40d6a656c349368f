import { createHmac } from 'node:crypto'
import type { WorkerOptions } from '../../../config/schema/index.ts'
import { Aborter } from '../../aborter.ts'
import type { CommandId } from '../../call.ts'
import { fromTheWire, wallClock } from '../../clock.ts'
import type { Outgoing } from '../broker.ts'
import { jsonFrom } from '../feeds/content.ts'
import type { Operation } from '../operations/entry.ts'
import { correlationFor } from '../operations/returns.ts'
import { asAttempt, dialectOf, envelope, valueOf } from '../wire/index.ts'
import { replyOf } from './account.ts'
import { sendingOf } from './run.ts'
import type { Run } from './run.ts'

/** By what the reply to the step under way is known: the same for every sending of it. */
export const correlationOfStep = ({ id, accepted, run }: Operation): string => {
  if (run === null) return ''
  const { at, phase, round } = run
  const secret = createHmac('sha256', accepted.secret).update(`${at} ${phase} ${round}`).digest('base64url')
  return correlationFor(id, secret.slice(0, 22))
}

export type CommandParts = Readonly<{
  instance: string
  place: Readonly<{ topic: string; partition: number }>
  partitionFor: (topic: string, key: Uint8Array | null) => number
}>

/** The record of the step under way. May throw a Problem. */
export function commandOf(
  operation: Operation,
  run: Run,
  worker: WorkerOptions,
  { instance, place, partitionFor }: CommandParts,
): Outgoing {
  const { id, accepted } = operation
  const { name, plan, template, told } = run.started
  const step = plan.steps[run.at]?.name ?? ''
  const [type, command] = [`${name}.${step}`, `${accepted.command}.${step}`]
  const undo = run.phase === 'undo' ? '.undo' : ''
  const sending = sendingOf(run)
  const body = sending?.body === 'process' ? whole(run) : Buffer.from(run.started.body, 'base64')
  const key = accepted.target.key === null ? Buffer.from(id) : Buffer.from(accepted.target.key, 'base64')
  const written = { dialect: dialectOf(worker), emptyBody: worker.emptyBody }
  const headers = envelope({ ...written, route: type + undo, template, instance, reply: place })
  const call = {
    command: (command + undo + (run.round > 0 ? `.${run.round + 1}` : '')) as CommandId,
    key,
    body,
    told: sending?.body === 'process' ? { ...told, contentType: 'application/json' } : told,
    expires: fromTheWire(wallClock() + (sending?.timeoutMs ?? 0)),
  }
  return {
    topic: worker.topic,
    partition: partitionFor(worker.topic, key),
    key,
    value: valueOf(written)({ body }),
    headers: asAttempt(headers(call, correlationOfStep(operation)), run.attempt),
    acks: 'all',
    signal: new Aborter(),
  }
}

/** The request and the replies of the steps, for whoever needs more than the request. */
function whole(run: Run): Buffer {
  const body = Buffer.from(run.started.body, 'base64')
  const replies = run.steps.flatMap(({ reply }, at) =>
    reply === null ? [] : [[run.started.plan.steps[at]?.name ?? '', replyOf(run, at)] as const],
  )
  const request = body.length === 0 ? null : (jsonFrom(body) ?? body.toString())
  return Buffer.from(JSON.stringify({ request, steps: Object.fromEntries(replies) }))
}
