import type { Pair, Reply } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { Header, Incoming } from '../broker.ts'
import { rowOf } from './dialect.ts'
import type { Dialect, Row } from './dialect.ts'
import { failureReply } from './failure.ts'
import { repetition, status, text } from './text.ts'

const unprintable = /[^\t\x20-\x7e\x80-\xff]/ // CR, LF and NUL would end or split the HTTP header
const token = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const prefix = 'http-header-'
const mostHeaders = 64
const nothing = new Uint8Array()
/** Headers that HTTP allows to repeat. Of any other header the last one wins, as with `lastHeader` of Kafka's clients. */
const repeated: ReadonlySet<string> = new Set(['link', 'set-cookie', 'www-authenticate'])

export type ReplyOptions = Readonly<{
  dialect: Dialect
  maxReplyBytes: number
  contentType?: string | undefined // of replies that name none; undefined: as the dialect has it
  decode?: Decode | null | undefined // from the form that the topic has it in; null: it goes on as it came
}>
/** The reply as its client is to have it. Throws bad-reply. */
export type Decode = (record: Incoming, reply: Reply, worker: string) => Reply

/** Makes the function that reads the replies of a worker. It throws bad-reply for a record that is not an HTTP response. */
export function replyReader({
  dialect,
  maxReplyBytes,
  contentType,
  decode = null,
}: ReplyOptions): (record: Incoming, worker: string) => Reply {
  const row = rowOf(dialect)
  const names = namesOf(row)
  const usualType = contentType ?? row.contentType
  return decode === null ? readReply : (record, worker) => decode(record, readReply(record, worker), worker)

  function readReply(record: Incoming, worker: string): Reply {
    const body = record.value ?? nothing
    if (body.length > maxReplyBytes) throw bad(worker, `${body.length} bytes, over the limit of ${maxReplyBytes}`)
    const { said, failure, type, headers } = scan(record, names, worker)
    if (failure !== null && body.length === 0) {
      const reply = failureReply(failure)
      return { ...reply, status: said ?? reply.status, headers: [...headers, ...reply.headers] }
    }
    const typed = type ?? (body.length > 0 ? usualType : null)
    if (typed !== null) headers.unshift(['content-type', typed])
    return { status: said ?? (failure === null ? 200 : 500), headers, body }
  }
}

/** Names of reply headers in lower case. */
type Names = Readonly<{ status: string | null; error: string | null; type: string | null; plain: boolean; id: string }>

const namesOf = ({ status, error, contentTypeName, plainHeaders, correlation }: Row): Names => ({
  status: status?.toLowerCase() ?? null,
  error: error?.toLowerCase() ?? null,
  type: contentTypeName?.toLowerCase() ?? null,
  plain: plainHeaders,
  id: correlation.toLowerCase(),
})

type Scanned = Readonly<{ said: number | null; failure: string | null; type: string | null; headers: Pair[] }>

/** Reads the headers from the last to the first, because the last of a name wins. */
function scan({ headers: all }: Incoming, names: Names, worker: string): Scanned {
  if (all.length > 4 * mostHeaders) throw bad(worker, `${all.length} record headers`)
  let said: string | null = null
  let failure: string | null = null
  let type: string | null = null
  let otherType: string | null = null
  const headers: Pair[] = []
  for (let at = all.length - 1; at >= 0; at--) {
    const [written, value] = all[at] as Header
    const name = written.toLowerCase()
    if (name === status || name === names.status) said ??= text(value)
    else if (name === names.error) failure ??= text(value)
    else if (name === 'content-type' || name === `${prefix}content-type`)
      type ??= unquoted(contentOf(name, value, worker))
    else if (name === names.type) otherType ??= unquoted(contentOf(name, value, worker))
    else {
      const header = headerOf(name, value, names)
      if (header === null || (!repeated.has(header) && headers.some(([other]) => other === header))) continue
      if (!token.test(header)) throw bad(worker, 'a header whose name is none')
      if (headers.push([header, contentOf(header, value, worker)]) > mostHeaders)
        throw bad(worker, `more than ${mostHeaders} headers`)
    }
  }
  return {
    said: statusOf(said, worker),
    failure: failure || null,
    type: type || otherType || null,
    headers: headers.toReversed(),
  }
}

/** The name of the HTTP header that a record header stands for, or null. */
function headerOf(name: string, value: Uint8Array, { plain, id }: Names): string | null {
  if (name.startsWith(prefix)) return name.slice(prefix.length)
  // a record header that is not meant for HTTP may hold any bytes: it is skipped, not refused
  return plain && name !== id && token.test(name) && !unprintable.test(latin1(value)) ? name : null
}

function statusOf(said: string | null, worker: string): number | null {
  if (said === null) return null
  const digits = unquoted(said)
  if (!/^[2-5]\d\d$/.test(digits)) throw bad(worker, 'a status that is none from 200 to 599')
  return Number(digits)
}

function contentOf(name: string, value: Uint8Array, worker: string): string {
  const content = latin1(value)
  if (unprintable.test(content)) throw bad(worker, `control characters in the header ${name}`)
  return content
}

/** Spring writes headers as JSON where they are no strings, and strings too where it is told to. */
const unquoted = (value: string): string => value.replace(/^"(.*)"$/, '$1')

const latin1 = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')

const bad = (worker: string, what: string): Problem => new Problem('bad-reply', `${worker} answered with ${what}.`)

/**
 * How many ms the worker asks to wait before the command is sent again, 0 when it does not say; null when it is not to be
 * sent again, or only at a time that is not given in whole seconds.
 */
export function waitAsked(record: Incoming, reply: Reply): number | null {
  for (const [name, value] of record.headers)
    if (name.toLowerCase() === repetition && text(value).trim().toLowerCase() === 'no') return null
  const asked = reply.headers.find(([name]) => name === 'retry-after')?.[1]
  if (asked === undefined) return 0
  return /^\d{1,9}$/.test(asked) ? Number(asked) * 1_000 : null
}
