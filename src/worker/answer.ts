import { STATUS_CODES } from 'node:http'
import type { Pair, Reply } from '../call.ts'

/**
 * What a handler answers. The body: bytes go as they are, a text as text/plain, anything else as JSON, unless the headers
 * name another content type. Without a status it is 200, or 204 when there is no body either.
 */
export type Answer = Readonly<{
  status?: number
  headers?: Readonly<Record<string, string>> | readonly Pair[]
  body?: unknown
  /** False asks the gateway not to send the command again; a number of ms, not before. */
  retry?: false | number
}>

const unprintable = /[^\t\x20-\x7e\x80-\xff]/ // would end or split the HTTP header
const token = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/

/** The answer as it goes on the wire. Throws a TypeError for what is no HTTP response. */
export function toReply(answer: Answer | undefined): Reply {
  const { status, headers = [], body, retry } = answer ?? {}
  const [content, type] = encode(body)
  const pairs = Array.isArray(headers) ? (headers as readonly Pair[]) : Object.entries(headers)
  const written = pairs.map(([name, value]): Pair => [name.toLowerCase(), value])
  for (const [name, value] of written)
    if (!token.test(name) || unprintable.test(value)) throw new TypeError(`The header ${name} cannot be sent.`)
  if (type !== null && !written.some(([name]) => name === 'content-type')) written.unshift(['content-type', type])
  if (typeof retry === 'number' && !(retry >= 0 && retry < 1e12)) throw new TypeError(`${retry} is no time to wait.`)
  if (typeof retry === 'number') written.push(['retry-after', String(Math.ceil(retry / 1_000))])
  const code = status ?? (content.length === 0 ? 204 : 200)
  if (!Number.isInteger(code) || code < 200 || code > 599) throw new TypeError(`${code} is no status from 200 to 599.`)
  return { status: code, headers: written, body: content, ...(retry === false && { final: true }) }
}

function encode(body: unknown): readonly [content: Uint8Array, type: string | null] {
  if (body === undefined || body === null) return [new Uint8Array(), null]
  if (body instanceof Uint8Array) return [body, null]
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8']
  return [Buffer.from(JSON.stringify(body)), 'application/json']
}

/** An answer of the application/problem+json kind (RFC 9457). */
export const problem = (status: number, detail: string, members: Readonly<Record<string, unknown>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: 'about:blank', title: STATUS_CODES[status] ?? 'Refused', status, detail, ...members },
})

/** A refusal on its way out of a handler: an answer like any other, and no failure of the worker. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly answer: Answer

  constructor(answer: Answer) {
    // a refusal is a value, not a surprise: collecting a stack would cost more than all the rest
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(`Refused with ${answer.status}.`)
    Error.stackTraceLimit = limit
    this.answer = answer
  }

  /** The same, and the gateway does not send the command again before so many ms have passed (told in whole seconds). */
  retryIn(ms: number): Refusal {
    return new Refusal({ ...this.answer, retry: ms })
  }

  /** The same, and the gateway does not send the command again, whatever its route says. */
  withoutRetry(): Refusal {
    return new Refusal({ ...this.answer, retry: false })
  }
}

/** To be thrown: `throw refuse(409, 'The order is closed.')`. A text becomes the detail of a problem, anything else is the body as it is. */
export function refuse(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): Refusal {
  if (typeof body !== 'string') return new Refusal({ status, headers, body })
  const answer = problem(status, body)
  return new Refusal({ ...answer, headers: { ...(answer.headers as Readonly<Record<string, string>>), ...headers } })
}
