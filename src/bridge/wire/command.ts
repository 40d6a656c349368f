import type { Pair, Reply, Told } from '../../call.ts'
import { parseTime } from '../../clock.ts'
import type { Header, Headers, Incoming } from '../broker.ts'
import { rowOf } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import { control } from './operation.ts'
import { attempt, bytes, constant, position as positionName, repetition, status as statusName, text } from './text.ts'

/** What a worker learns from a command: where to reply, until when, and what the HTTP request said. */
export type Origin = Readonly<{
  correlation: Uint8Array // opaque: echoed as it came
  replyTopic: string
  replyPartition: number | null // null: the dialect left it out, any partition will do
  expires: number | null // epoch milliseconds
  source: string // the instance of the gateway; empty when the record does not say
  writtenAt: number | null // by the gateway's clock, in epoch milliseconds
  commandId: string | null // the same on every sending of one command
  attempt: number
  position: string | null // what its client has seen, and wants the answer to show
  cancels: boolean // it is no command: it asks that the one with this id is dropped or stopped
  told: Omit<Told, 'path'> & Readonly<{ route: string; template: string; path: string }>
}>

const topicPattern = /^(?!__)[a-zA-Z0-9._-]{1,249}$/

/** Reads a command record. Null when it does not say where to reply. */
export function readCommand(dialect: Dialect, record: Incoming): Origin | null {
  const row = rowOf(dialect)
  const one = new Map<string, Uint8Array>()
  const params: Pair[] = []
  const headers: Pair[] = []
  const trace: Pair[] = []
  for (const [name, value] of record.headers) {
    if (name.startsWith('http-param-')) params.push([name.slice('http-param-'.length), text(value)])
    else if (name.startsWith('http-header-')) headers.push([name.slice('http-header-'.length), text(value)])
    else if (name === 'traceparent' || name === 'tracestate' || name === 'baggage') trace.push([name, text(value)])
    else one.set(name, value) // the last of a name is meant
  }
  const correlation = one.get(row.correlation)
  const replyTopic = one.get(row.replyTopic)
  if (correlation === undefined || replyTopic === undefined || !topicPattern.test(text(replyTopic))) return null
  const said = (name: string): string | null => {
    const value = one.get(name)
    return value === undefined ? null : text(value)
  }
  const { replyPartition } = row
  const partition = replyPartition === null ? undefined : one.get(replyPartition.name)
  const expires = Number(said('sluice-expires') ?? NaN)
  return {
    correlation,
    replyTopic: text(replyTopic),
    replyPartition: partition === undefined ? null : (replyPartition?.read(Buffer.from(partition)) ?? null),
    expires: Number.isFinite(expires) ? expires : null,
    source: said('ce_source') ?? '',
    writtenAt: parseTime(said('ce_time') ?? ''),
    commandId: said('ce_id'),
    attempt: Number(said(attempt) ?? 1) || 1,
    position: said(positionName),
    cancels: said(control) === 'cancel',
    told: {
      route: said('ce_type') ?? '',
      template: said('http-route') ?? '',
      method: said('http-method') ?? '',
      path: said('http-path') ?? '',
      query: said('http-query') ?? '',
      params,
      headers,
      contentType: said('content-type'),
      trace,
      ...(one.has('content-encoding') && { contentEncoding: said('content-encoding') ?? '' }),
    },
  }
}

/** The record headers of a reply to that command. */
export function replyHeaders(
  dialect: Dialect,
  origin: Pick<Origin, 'correlation'>,
  { status, headers, final }: Pick<Reply, 'status' | 'headers' | 'final'>,
): Headers {
  const row = rowOf(dialect)
  const all: Header[] = [
    [row.correlation, origin.correlation],
    [row.status ?? statusName, bytes(String(status))],
  ]
  if (final === true) all.push(constant(repetition, 'no'))
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const written = row.plainHeaders || lower === 'content-type' ? lower : `http-header-${lower}`
    all.push([written, Buffer.from(value, 'latin1')])
  }
  return all
}
