import type { IncomingHttpHeaders } from 'node:http'
import type { Pair } from '../../call.ts'
import { Problem } from '../../problem.ts'
import { isSendable } from '../names.ts'
import { memberOf, parseJson } from './json.ts'

/** A CloudEvent: `attributes` without `datacontenttype`, which is the type of its data. */
export type CloudEvent = Readonly<{ attributes: readonly Pair[]; data: Buffer; contentType: string | null }>

const required = ['id', 'source', 'type'] as const
const longest = 8_192
const ofData: ReadonlySet<string> = new Set(['data', 'data_base64', 'datacontenttype'])
const prefix = 'ce-'
const nothing = Buffer.alloc(0)

/** Whether the headers bring a CloudEvent in binary mode. */
export const isBinary = (headers: IncomingHttpHeaders): boolean => headers['ce-specversion'] !== undefined

/** CloudEvents 1.0, HTTP binding, 3.1: the attributes are headers, the body is the data. Throws invalid-request. */
export function binaryEvent(headers: IncomingHttpHeaders, body: Buffer): CloudEvent {
  const attributes: Pair[] = []
  for (const name in headers) {
    if (!name.startsWith(prefix) || ofData.has(name.slice(prefix.length))) continue
    attributes.push([name.slice(prefix.length), fromHeader(String(headers[name]))])
  }
  return { attributes: checked(attributes), data: body, contentType: headers['content-type'] ?? null }
}

/**
 * CloudEvents 1.0, JSON format: one JSON object is the event. Its data is taken as it is written, and the text of a string only
 * where its type is not JSON. Throws invalid-request.
 */
export function structuredEvent(json: Buffer): CloudEvent {
  const event = parseJson(json)
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw invalid('no JSON object')
  const members = event as Readonly<Record<string, unknown>>
  const attributes: Pair[] = []
  for (const [name, value] of Object.entries(members))
    if (!ofData.has(name) && value !== null) attributes.push([name, textOf(name, value)])
  const type = Object.hasOwn(members, 'datacontenttype') ? members['datacontenttype'] : null
  const contentType = type === null ? null : textOf('datacontenttype', type)
  if (contentType !== null && !isSendable(contentType)) throw invalid('written with control characters')
  return { attributes: checked(attributes), ...dataOf(json, members, contentType) }
}

function dataOf(
  json: Buffer,
  members: Readonly<Record<string, unknown>>,
  contentType: string | null,
): Pick<CloudEvent, 'data' | 'contentType'> {
  const [data, base64] = ['data', 'data_base64'].map(name => (Object.hasOwn(members, name) ? members[name] : undefined))
  if (base64 !== undefined && base64 !== null) {
    if (data !== undefined && data !== null) throw invalid('written with both data and data_base64')
    if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw invalid('written with no base64')
    return { data: Buffer.from(base64, 'base64'), contentType }
  }
  if (data === undefined || data === null) return { data: nothing, contentType }
  const isJson = contentType === null || /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
  if (!isJson && typeof data === 'string') return { data: Buffer.from(data), contentType }
  return { data: trimmed(memberOf(json, 'data') ?? nothing), contentType: contentType ?? 'application/json' }
}

/** Attributes are text, truth values or whole numbers; all travel as text. */
function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isInteger(value))) return String(value)
  throw invalid(`written with an attribute ${quotable(name)} that is neither text nor a whole number nor a truth value`)
}

function checked(attributes: readonly Pair[]): readonly Pair[] {
  const known = new Map(attributes)
  const version = known.get('specversion')
  if (version !== '1.0') throw invalid(`of the version ${quotable(version ?? 'none')}, and 1.0 is taken`)
  for (const name of required) if ((known.get(name) ?? '') === '') throw invalid(`without the attribute ${name}`)
  let size = 0
  for (const [name, value] of attributes) {
    size += name.length + value.length
    if (!/^[a-z0-9]{1,64}$/.test(name)) throw invalid(`written with the attribute ${quotable(name)}, which is no name`)
    if (!isSendable(value)) throw invalid('written with control characters')
  }
  if (size > longest) throw invalid(`written with attributes of more than ${longest} characters`)
  return attributes
}

/** HTTP binding, 3.1.3.2: quotes are taken off, then bytes written as %XX are UTF-8; what is none stays as it is. */
function fromHeader(field: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(field)?.[1]
  const value = quoted === undefined ? field : quoted.replaceAll(/\\(.)/g, '$1')
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function trimmed(json: Buffer): Buffer {
  const text = json.toString('latin1')
  return json.subarray(text.length - text.trimStart().length, text.trimEnd().length)
}

const quotable = (text: string): string => JSON.stringify(text.slice(0, 64))
const invalid = (what: string): Problem => new Problem('invalid-request', `The CloudEvent is ${what}.`)
