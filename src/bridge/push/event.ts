import { isoTime } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import type { Pair } from '../../call.ts'
import type { Incoming } from '../broker.ts'
import { textOf } from '../feeds/content.ts'

/** A record as a CloudEvent: its attributes but `datacontenttype`, in their order, and its data; null: it has none. */
export type CloudEvent = Readonly<{
  id: string
  attributes: readonly Pair[]
  contentType: string | null
  data: Uint8Array | null
  trace: readonly Pair[]
}>

const prefix = 'ce_'
const traced: ReadonlySet<string> = new Set(['traceparent', 'tracestate'])
const isName = (name: string): boolean => /^[a-z0-9]{1,64}$/.test(name)
const structured = /^application\/cloudevents\+json\b/i
const required = ['specversion', 'id', 'source', 'type'] as const

/** Identity of a record that says none: the same wherever and however often it is read. */
export const nameOf = ({ topic, partition, offset }: Incoming): string => `${topic}-${partition}-${offset}`

/**
 * What a record says, as its CloudEvent where it is one (Kafka binding 1.0, binary or structured), else as one that is made of
 * it: its type is `type`, its subject the key.
 */
export function eventOf(record: Incoming, type: string): CloudEvent {
  const contentType = headerOf(record, 'content-type') ?? headerOf(record, 'contentType')
  const trace = record.headers.flatMap(([name, value]): Pair[] => (traced.has(name) ? [[name, textOf(value)]] : []))
  const own = structured.test(contentType ?? '') ? unfolded(record) : null
  if (own !== null) return { ...own, trace }
  const told = record.headers.flatMap(([name, value]): Pair[] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), textOf(value)]] : [],
  )
  const isWhole = required.every(name => told.some(([other]) => other === name))
  const attributes = isWhole ? told.filter(([name]) => isName(name)) : madeOf(record, type)
  return { id: idOf(attributes), attributes, contentType, data: record.value, trace }
}

const idOf = (attributes: readonly Pair[]): string => attributes.find(([name]) => name === 'id')?.[1] ?? ''

function headerOf({ headers }: Incoming, wanted: string): string | null {
  const found = headers.find(([name]) => name === wanted)
  return found === undefined ? null : textOf(found[1])
}

function madeOf(record: Incoming, type: string): readonly Pair[] {
  const { topic, key, timestamp } = record
  return [
    ['specversion', '1.0'],
    ['id', nameOf(record)],
    ['source', `/topics/${topic}`],
    ['type', type],
    ['time', isoTime(timestamp as EpochMs)],
    ...(key === null || key.length === 0 ? [] : [['subject', textOf(key)] as const]),
  ]
}

/** Of one in structured mode; null when its value is none after all. */
function unfolded({ value }: Incoming): Omit<CloudEvent, 'trace'> | null {
  const members = membersOf(value)
  if (members === null || required.some(name => typeof members[name] !== 'string')) return null
  const { data, data_base64: base64, datacontenttype, ...rest } = members
  const contentType = typeof datacontenttype === 'string' ? datacontenttype : null
  const attributes = Object.entries(rest).flatMap(([name, value]): Pair[] =>
    isName(name) && value !== null ? [[name, typeof value === 'string' ? value : JSON.stringify(value)]] : [],
  )
  const common = { id: idOf(attributes), attributes }
  if (typeof base64 === 'string') return { ...common, contentType, data: Buffer.from(base64, 'base64') }
  if (data === undefined || data === null) return { ...common, contentType, data: null }
  const isText = typeof data === 'string' && contentType !== null && !isJson(contentType)
  const bytes = Buffer.from(isText ? data : JSON.stringify(data))
  return { ...common, contentType: contentType ?? 'application/json', data: bytes }
}

function membersOf(value: Uint8Array | null): Readonly<Record<string, unknown>> | null {
  try {
    const json = JSON.parse(value === null ? '' : textOf(value)) as unknown
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Whether a content type is that of JSON. */
export const isJson = (contentType: string): boolean => /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
