import type { Call, Pair, Reply, Told } from '../call.ts'
import { isoTime, onTheWire, wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Header, Headers, Incoming } from './broker.ts'

export type Dialect = 'sluice' | 'spring'

type Row = Readonly<{
  correlation: string
  replyTopic: string
  replyPartition: string
  writePartition: (partition: number) => Uint8Array
  readPartition: (value: Buffer) => number | null
}>

const decimal = {
  writePartition: (partition: number): Uint8Array => Buffer.from(String(partition)),
  readPartition: (value: Buffer): number | null =>
    /^\d{1,9}$/.test(value.toString('latin1')) ? Number(value.toString('latin1')) : null,
}
const int32 = {
  writePartition: (partition: number): Uint8Array => {
    const value = Buffer.alloc(4)
    value.writeInt32BE(partition)
    return value
  },
  readPartition: (value: Buffer): number | null => (value.length === 4 ? value.readInt32BE() : null),
}

/** Where each dialect writes what a worker needs to answer. Everything else is the same in all of them. */
const dialects: Readonly<Record<Dialect, Row>> = {
  sluice: {
    correlation: 'sluice-correlation-id',
    replyTopic: 'sluice-reply-to',
    replyPartition: 'sluice-reply-partition',
    ...decimal,
  },
  spring: {
    correlation: 'kafka_correlationId',
    replyTopic: 'kafka_replyTopic',
    replyPartition: 'kafka_replyPartition',
    ...int32,
  },
}

const correlationNames: ReadonlySet<string> = new Set(Object.values(dialects).map(row => row.correlation))

/** Whether clients must not set a record header of this name: it is ours. */
export const isOurs = (name: string): boolean => /^(ce_|sluice-|kafka_|http-)/i.test(name)

const text = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
const bytes = (value: string): Uint8Array => Buffer.from(value)
const constant = (name: string, value: string): Header => [name, bytes(value)]

const attempt = 'sluice-attempt'
/** In a reply: `no` asks that the command is not sent again, whatever the status. The same in all dialects. */
const repetition = 'sluice-retry'

/** Keeps what it wrote last, for what mostly comes again at once. */
function recurring<T>(write: (value: T) => Uint8Array): (value: T) => Uint8Array {
  let last: Readonly<{ value: T; written: Uint8Array }> | null = null
  return value => {
    if (last === null || last.value !== value) last = { value, written: write(value) }
    return last.written
  }
}

/** RFC 3339 in UTC. Commands of one millisecond share it. */
const timestamp = recurring((at: EpochMs) => bytes(isoTime(at)))

export type Envelope = Readonly<{
  dialect: Dialect
  route: string
  template: string // the path of the route, with its parameters' names
  instance: string
  reply: Readonly<{ topic: string; partition: number }> | null // null: an event, which nobody answers
}>

/** The record headers of a call, what is the same for all calls of a route written once. CloudEvents 1.0 in binary mode. */
export function envelope({
  dialect,
  route,
  template,
  instance,
  reply,
}: Envelope): (call: Call, correlation: string) => Headers {
  const row = dialects[dialect]
  const paramNames = new Map<string, string>()
  const fixed: Header[] = [
    constant('ce_specversion', '1.0'),
    constant('ce_type', route),
    constant('ce_source', `/sluice/${instance}`),
    constant('http-route', template),
    constant(attempt, '1'),
  ]
  if (reply !== null)
    fixed.push(constant(row.replyTopic, reply.topic), [row.replyPartition, row.writePartition(reply.partition)])
  const prefixed = (prefix: string, name: string): string => {
    const known = paramNames.get(name)
    if (known !== undefined) return known
    const made = prefix + name // parameters and allow-listed headers come from the configuration: few
    paramNames.set(name, made)
    return made
  }
  const [method, contentType] = [recurring(bytes), recurring(bytes)]
  return function headers(call, correlation) {
    const { told } = call
    const path = bytes(told.path)
    const all = fixed.slice()
    all.push(['ce_id', bytes(call.command)], ['ce_time', timestamp(wallClock())], ['ce_subject', path])
    if (call.key !== null) all.push(['ce_partitionkey', call.key])
    if (reply !== null) all.push([row.correlation, bytes(correlation)])
    all.push(
      ['sluice-expires', bytes(String(onTheWire(call.expires)))],
      ['http-method', method(told.method)],
      ['http-path', path],
    )
    if (told.query !== '') all.push(['http-query', bytes(told.query)])
    if (told.contentType !== null) all.push(['content-type', contentType(told.contentType)])
    for (const [name, value] of told.params) all.push([prefixed('http-param-', name), bytes(value)])
    for (const [name, value] of told.headers) all.push([prefixed('http-header-', name), bytes(value)])
    for (const [name, value] of told.trace) all.push([name, bytes(value)])
    return all
  }
}

/** The record headers of a later sending, the second or after, of the same command. */
export const asAttempt = (headers: Headers, number: number): Headers =>
  headers.map(header => (header[0] === attempt ? constant(attempt, String(number)) : header))

/** The id that a reply is matched by, in whichever dialect it came; null when it carries none. */
export function correlationOf(record: Incoming): string | null {
  for (const [name, value] of record.headers) if (correlationNames.has(name)) return text(value)
  return null
}

const unprintable = /[^\t\x20-\x7e\x80-\xff]/ // CR, LF and NUL would end or split the HTTP header
const token = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const mostHeaders = 64

/** The reply that a record carries. Throws bad-reply when it is no HTTP answer. */
export function readReply(record: Incoming, worker: string, maxBytes: number): Reply {
  const bad = (what: string): Problem => new Problem('bad-reply', `${worker} answered with ${what}.`)
  const body = record.value ?? new Uint8Array()
  if (body.length > maxBytes) throw bad(`${body.length} bytes, over the limit of ${maxBytes}`)
  if (record.headers.length > 4 * mostHeaders) throw bad(`${record.headers.length} record headers`)
  let status = 200
  const headers: Pair[] = []
  for (const [name, value] of record.headers) {
    if (name === 'sluice-status') {
      status = Number(/^[2-5]\d\d$/.exec(text(value))?.[0] ?? 0)
      if (status === 0) throw bad('a status that is none from 200 to 599')
    } else if (name === 'content-type' || name.startsWith('http-header-')) {
      const header = name === 'content-type' ? name : name.slice('http-header-'.length).toLowerCase()
      const content = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
      if (!token.test(header)) throw bad('a header whose name is none')
      if (unprintable.test(content)) throw bad(`control characters in the header ${header}`)
      if (headers.push([header, content]) > mostHeaders) throw bad(`more than ${mostHeaders} headers`)
    }
  }
  return { status, headers, body }
}

/**
 * How many ms the worker asks to wait before the command is sent again, 0 when it does not say; null when it is not to be
 * sent again, or only at a time that is not given in whole seconds.
 */
export function waitAsked(record: Incoming, reply: Reply): number | null {
  for (const [name, value] of record.headers)
    if (name === repetition && text(value).trim().toLowerCase() === 'no') return null
  const asked = reply.headers.find(([name]) => name === 'retry-after')?.[1]
  if (asked === undefined) return 0
  return /^\d{1,9}$/.test(asked) ? Number(asked) * 1_000 : null
}

/** What a worker knows of a command: whom to answer, until when, and what the HTTP request said. */
export type Origin = Readonly<{
  correlation: Uint8Array // opaque: echoed as it came
  replyTopic: string
  replyPartition: number | null // null: the dialect left it out, any partition will do
  expires: number | null // epoch milliseconds
  commandId: string | null // the same on every sending of one command
  attempt: number
  told: Omit<Told, 'path'> & Readonly<{ route: string; template: string; path: string }>
}>

const topicPattern = /^(?!__)[a-zA-Z0-9._-]{1,249}$/

/** Reads a command record; null when it names nobody to answer. */
export function readCommand(dialect: Dialect, record: Incoming): Origin | null {
  const row = dialects[dialect]
  const one = new Map<string, Uint8Array>()
  const params: Pair[] = []
  const headers: Pair[] = []
  const trace: Pair[] = []
  for (const [name, value] of record.headers) {
    if (name.startsWith('http-param-')) params.push([name.slice('http-param-'.length), text(value)])
    else if (name.startsWith('http-header-')) headers.push([name.slice('http-header-'.length), text(value)])
    else if (name === 'traceparent' || name === 'tracestate' || name === 'baggage') trace.push([name, text(value)])
    else if (!one.has(name)) one.set(name, value)
  }
  const correlation = one.get(row.correlation)
  const replyTopic = one.get(row.replyTopic)
  if (correlation === undefined || replyTopic === undefined || !topicPattern.test(text(replyTopic))) return null
  const said = (name: string): string | null => {
    const value = one.get(name)
    return value === undefined ? null : text(value)
  }
  const partition = one.get(row.replyPartition)
  const expires = Number(said('sluice-expires') ?? NaN)
  return {
    correlation,
    replyTopic: text(replyTopic),
    replyPartition: partition === undefined ? null : row.readPartition(Buffer.from(partition)),
    expires: Number.isFinite(expires) ? expires : null,
    commandId: said('ce_id'),
    attempt: Number(said(attempt) ?? 1) || 1,
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
    },
  }
}

/** The record headers of a reply to that command. */
export function replyHeaders(
  dialect: Dialect,
  origin: Pick<Origin, 'correlation'>,
  { status, headers, final }: Pick<Reply, 'status' | 'headers' | 'final'>,
): Headers {
  const all: Header[] = [
    [dialects[dialect].correlation, origin.correlation],
    ['sluice-status', bytes(String(status))],
  ]
  if (final === true) all.push(constant(repetition, 'no'))
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    all.push([lower === 'content-type' ? lower : `http-header-${lower}`, Buffer.from(value, 'latin1')])
  }
  return all
}
