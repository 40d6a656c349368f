import { onTheWire } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import type { Header, Headers, Incoming } from '../broker.ts'
import { rowOf } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import { constant, text } from './text.ts'

/** In a record on a topic of commands: it is none, but about one that went before. */
export const control = 'sluice-control'
const percent = 'sluice-progress'
const cancelled = 'sluice-cancelled'

/** What a worker tells of a command before, or in place of, its reply. The text of progress is the record's value. */
export type Notice = Readonly<{ kind: 'progress'; percent: number } | { kind: 'cancelled' } | { kind: 'not-cancelled' }>

const longestNote = 1_024

/** Reads the notice that a record on a topic of replies carries, null for a reply. */
export function noticeOf({ headers }: Incoming): Notice | null {
  for (const [name, value] of headers) {
    if (name === percent) return { kind: 'progress', percent: Math.min(100, Math.max(0, Number(text(value)) || 0)) }
    if (name === cancelled) return { kind: text(value) === 'yes' ? 'cancelled' : 'not-cancelled' }
  }
  return null
}

/** The text of a progress notice, at most 1,024 characters. */
export const noteOf = ({ value }: Incoming): string => (value === null ? '' : text(value).slice(0, longestNote))

/** The record headers of a notice about the command with this correlation id. */
export function noticeHeaders(dialect: Dialect, correlation: Uint8Array, notice: Notice): Headers {
  const said =
    notice.kind === 'progress'
      ? constant(percent, String(notice.percent))
      : constant(cancelled, notice.kind === 'cancelled' ? 'yes' : 'no')
  return [[rowOf(dialect).correlation, correlation], said]
}

/** Correlation ids of commands that are, or may become, operations begin like this: only their gateways read notices. */
export const operationMark = 'op.'

export type Cancel = Readonly<{
  dialect: Dialect
  command: string
  correlation: string
  expires: Instant
  reply: Readonly<{ topic: string; partition: number }>
}>

/** The record headers that ask the worker to drop a command, or to stop it. */
export function cancelHeaders({ dialect, command, correlation, expires, reply }: Cancel): Headers {
  const { correlation: id, replyTopic, replyPartition } = rowOf(dialect)
  const place: readonly Header[] =
    replyPartition === null ? [] : [[replyPartition.name, replyPartition.write(reply.partition)]]
  return [
    constant(control, 'cancel'),
    constant('ce_id', command),
    constant(id, correlation),
    constant(replyTopic, reply.topic),
    ...place,
    constant('sluice-expires', String(onTheWire(expires))),
  ]
}
