import type { IncomingHttpHeaders } from 'node:http'
import { parseJson } from '../json.ts'
import type { Reviver } from '../json.ts'
import { claimOf } from './identity/claims.ts'
import type { Claims } from './identity/claims.ts'
import { Problem } from '../problem.ts'

/** Path parameters as the router decodes them. */
export type Params = Readonly<Record<string, string>>
export type KeyOf = (
  params: Params,
  headers: IncomingHttpHeaders,
  body: Buffer,
  claims: Claims | null,
) => Uint8Array | null

/**
 * The reader of a route's message key: `path.<parameter>`, `header.<name>`, `body.<field>` or `claim.<name>`, fields of fields with dots. The key
 * is the bytes that the client sent, and the same from each of these places; a number is its digits as they are written. Throws
 * invalid-request when the key is missing. The body is parsed only for a key that is in it.
 */
export function keyOf(source: string | undefined): KeyOf {
  if (source === undefined) return () => null
  const dot = source.indexOf('.')
  const place = source.slice(0, dot)
  const name = source.slice(dot + 1)
  if (place === 'path') return params => bytesOf(params[name], 'utf8', source)
  if (place === 'header') {
    const lower = name.toLowerCase()
    return (_params, headers) => bytesOf(headers[lower], 'latin1', source) // as Node reads a header: one character a byte
  }
  if (place === 'claim')
    return (_params, _headers, _body, claims) => {
      const value = claimOf(claims, name)
      return bytesOf(typeof value === 'number' ? String(value) : value, 'utf8', source)
    }
  const fields = name.split('.')
  return (_params, _headers, body) => {
    const value = fieldOf(parse(body), fields)
    return bytesOf(typeof value === 'number' ? fieldOf(parse(body, asWritten), fields) : value, 'utf8', source)
  }
}

function bytesOf(value: unknown, encoding: 'utf8' | 'latin1', source: string): Uint8Array {
  if (typeof value === 'string' && value !== '') return Buffer.from(value, encoding)
  if (value === undefined || value === null || value === '') throw invalid(`The key ${source} is missing.`)
  throw invalid(`The key ${source} is neither text nor a number.`)
}

/** Own fields only: `__proto__` and `constructor` of a parsed body are what the client sent, or nothing. */
function fieldOf(parsed: unknown, fields: readonly string[]): unknown {
  let value = parsed
  for (const field of fields) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined
    value = (value as Record<string, unknown>)[field]
  }
  return value
}

/** Numbers as the text that they are written as: as numbers, two that differ beyond 53 bits would be one. */
const asWritten: Reviver = (_name, value, { source }) => (typeof value === 'number' ? source : value)

function parse(body: Buffer, reviver?: Reviver): unknown {
  if (body.length === 0) throw invalid('The body is empty, but the key is a field of it.')
  return parseJson(body, reviver)
}

const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
