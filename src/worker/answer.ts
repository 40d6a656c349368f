import { STATUS_CODES } from 'node:http'
import type { Pair, Reply } from '../call.ts'

/**
 * What a handler answers. The body: bytes go as they are, a text as text/plain, anything else as JSON, unless the headers
 * name another content type. Without a status it is 200, or 204 when there is no body either.
 */
export type Answer = Readonly<{
  status?: number
  headers?: Readonly<Record<string, string>> | Iterable<Pair>
  body?: unknown
  /** False asks the gateway not to send the command again; a number asks it to wait so many ms first. */
  retry?: false | number
}>

const unprintable = /[^\t\x20-\x7e\x80-\xff]/ // control characters would end or split the HTTP header
const token = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const parts: ReadonlySet<string> = new Set(['status', 'headers', 'body', 'retry'])

/** The answer as it goes on the wire. Throws a TypeError for what is no answer, or no HTTP response. */
export function toReply(given: Answer | Refusal | void): Reply {
  const { status, headers = [], body, retry } = partsOf(given)
  const [content, type] = encode(body)
  const written = pairsOf(headers)
  if (type !== null && !written.some(([name]) => name === 'content-type')) written.unshift(['content-type', type])
  if (typeof retry === 'number') written.push(['retry-after', secondsOf(retry)])
  else if (retry) throw new TypeError(`retry is ${show(retry)}: false, or a time in ms.`)
  const code = status ?? (content.length === 0 ? 204 : 200)
  if (!Number.isInteger(code) || code < 200 || code > 599)
    throw new TypeError(`${show(code)} is no status from 200 to 599.`)
  return { status: code, headers: written, body: content, ...(retry === false && { final: true }) }
}

/** The answer in what a handler gave. Anything else was probably meant as the body, and is refused rather than lost. */
function partsOf(given: Answer | Refusal | void): Answer {
  if (given instanceof Refusal) return given.answer
  if (given === undefined || given === null) return {}
  const names = typeof given === 'object' ? Object.keys(given) : []
  const other = names.find(name => !parts.has(name))
  const known = names.length > 0 ? other === undefined : isEmptyObject(given)
  if (known) return given
  throw new TypeError(
    `A handler gave ${other === undefined ? show(given) : `an object with ${other}`}: an answer is { status, headers, body, retry }.`,
  )
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

function pairsOf(headers: NonNullable<Answer['headers']>): Pair[] {
  const pairs: readonly unknown[] =
    Symbol.iterator in Object(headers) ? [...(headers as Iterable<Pair>)] : Object.entries(headers)
  return pairs.map(pair => {
    const [name, value]: readonly unknown[] = Array.isArray(pair) ? pair : []
    const lower = typeof name === 'string' ? name.toLowerCase() : ''
    if (typeof value !== 'string') throw new TypeError(`The header ${lower} is ${show(value)}, and no text.`)
    if (!token.test(lower) || unprintable.test(value)) throw new TypeError(`The header ${lower} cannot be sent.`)
    return [lower, value]
  })
}

function secondsOf(ms: number): string {
  if (!(ms >= 0 && ms < 1e12)) throw new TypeError(`${ms} is no time to wait.`)
  return String(Math.ceil(ms / 1_000))
}

/** Describes a value without quoting it, as it may be secret or large. */
const show = (value: unknown): string =>
  typeof value === 'number'
    ? String(value)
    : Array.isArray(value)
      ? 'an array'
      : value === null
        ? 'null'
        : `of type ${typeof value}`

function encode(body: unknown): readonly [content: Uint8Array, type: string | null] {
  if (body === undefined || body === null) return [new Uint8Array(), null]
  if (body instanceof Uint8Array) return [body, null]
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8']
  const json: string | undefined = body instanceof Promise ? undefined : JSON.stringify(body)
  if (json === undefined) throw new TypeError('The body of an answer cannot be written as JSON.')
  return [Buffer.from(json), 'application/json']
}

/** An answer of the application/problem+json kind (RFC 9457). */
export const problem = (status: number, detail: string, members: Readonly<Record<string, unknown>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: 'about:blank', title: STATUS_CODES[status] ?? 'Refused', status, detail, ...members },
})

/** A refusal by a handler, thrown or returned. It is an answer like any other, and not a failure of the worker. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly answer: Answer

  constructor(answer: Answer) {
    // collecting a stack would cost more than everything else here, and nobody reads it
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(`Refused with ${answer.status}.`)
    Error.stackTraceLimit = limit
    this.answer = answer
  }

  /** The same refusal, which also asks the gateway to wait so many ms, rounded up to seconds, before it sends the command again. */
  retryIn(ms: number): Refusal {
    return new Refusal({ ...this.answer, retry: ms })
  }

  /** The same refusal, which also asks the gateway not to send the command again, whatever its route says. */
  withoutRetry(): Refusal {
    return new Refusal({ ...this.answer, retry: false })
  }
}

/** Makes a refusal, to be thrown or returned: `throw refuse(409, 'The order is closed.')`. A text becomes the detail of a problem; anything else is the body as it is. */
export function refuse(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): Refusal {
  if (typeof body !== 'string') return new Refusal({ status, headers, body })
  const answer = problem(status, body)
  return new Refusal({ ...answer, headers: { ...(answer.headers as Readonly<Record<string, string>>), ...headers } })
}
