import { isUtf8 } from 'node:buffer'
import { isoTime } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import type { Told } from '../../feed.ts'
import type { Incoming } from '../broker.ts'
import { pointed } from './pointer.ts'

/** What of a record is told: its value, a few fields of it, or the record with all that belongs to it. */
export type Shape = Readonly<{ as: 'value' | 'record' | 'cloudevents'; fields: readonly string[] | null }>
export type Content = Omit<Told, 'id'>

/** The JSON value of a record; undefined when it is none. */
export const jsonOf = ({ value }: Incoming): unknown => (value === null ? undefined : jsonFrom(value))

/** The JSON that bytes hold; undefined when they hold none. */
export function jsonFrom(bytes: Uint8Array): unknown {
  if (bytes.length === 0 || !isUtf8(bytes)) return undefined
  try {
    return JSON.parse(textOf(bytes)) as unknown
  } catch {
    return undefined
  }
}

export const textOf = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString()
/** As text where it is UTF-8, else in base64. */
const textual = (bytes: Uint8Array): string => (isUtf8(bytes) ? textOf(bytes) : Buffer.from(bytes).toString('base64'))

/** A record as clients are told of it; `json` is its value, parsed. */
export function contentOf(record: Incoming, json: unknown, { as, fields }: Shape): Content {
  const { topic, partition, offset, timestamp } = record
  const key = record.key === null ? null : textual(record.key)
  const headers = record.headers.map(([name, content]) => [name, textual(content)] as const)
  const plain = { topic, partition, offset, time: timestamp as EpochMs, key, headers }
  const value = valueOf(record, json, fields)
  if (as === 'value') return { ...plain, ...value }
  if (as === 'cloudevents') return { ...plain, kind: 'json', text: cloudEvent(plain, value) }
  const told = { topic, partition, offset: Number(offset), time: timestamp, key, headers: Object.fromEntries(headers) }
  const { kind, text } = value
  const member = kind === 'json' ? text : kind === 'tombstone' ? 'null' : JSON.stringify(text)
  const name = kind === 'bytes' ? 'base64' : 'value'
  return { ...plain, kind: 'json', text: `${JSON.stringify(told).slice(0, -1)},"${name}":${member}}` }
}

function valueOf({ value }: Incoming, json: unknown, fields: readonly string[] | null): Pick<Told, 'kind' | 'text'> {
  if (value === null) return { kind: 'tombstone', text: '' }
  if (fields !== null) return { kind: 'json', text: JSON.stringify(projected(json, fields)) }
  // outside of strings, which hold them escaped, line breaks are blanks
  if (json !== undefined) return { kind: 'json', text: textOf(value).replaceAll(/[\r\n]/g, ' ') }
  if (isUtf8(value)) return { kind: 'text', text: textOf(value) }
  return { kind: 'bytes', text: Buffer.from(value).toString('base64') }
}

/**
 * In structured mode (CloudEvents 1.0.2, JSON format). Attributes are those of the `ce_` headers, as in the Kafka binding; of a
 * record that has none, those that every event must have say where it is.
 */
function cloudEvent(
  { topic, partition, offset, time, key, headers }: Omit<Content, 'kind' | 'text'>,
  { kind, text }: Pick<Told, 'kind' | 'text'>,
): string {
  const own = headers.filter(([name]) => name.startsWith('ce_')).map(([name, value]) => [name.slice(3), value] as const)
  const type = headers.find(([name]) => name === 'content-type')?.[1]
  const event = {
    specversion: '1.0',
    id: `${topic}-${partition}-${offset}`,
    source: `/kafka/${topic}`,
    type: 'record',
    time: isoTime(time),
    ...(key !== null && { partitionkey: key }),
    ...Object.fromEntries(own),
    ...(kind === 'json' ? { datacontenttype: 'application/json' } : type !== undefined && { datacontenttype: type }),
  }
  if (kind === 'tombstone') return JSON.stringify(event)
  const data = kind === 'json' ? text : JSON.stringify(text)
  return `${JSON.stringify(event).slice(0, -1)},"${kind === 'bytes' ? 'data_base64' : 'data'}":${data}}`
}

type Node = { [name: string]: unknown }

/** The fields alone, each where it was; of a value that is no JSON, none. */
function projected(json: unknown, fields: readonly string[]): Node {
  const result: Node = Object.create(null) as Node
  for (const field of fields) {
    const value = pointed(json, field)
    if (value === undefined) continue
    const names = field.slice(1).split('/').map(unescaped)
    const last = names.pop() as string
    let node = result
    for (const name of names) node = (node[name] ??= Object.create(null) as Node) as Node
    node[last] = value
  }
  return result
}

const unescaped = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~')
