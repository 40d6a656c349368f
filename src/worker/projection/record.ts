import { isUtf8 } from 'node:buffer'
import { isoTime, wallClock } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import type { Header, Headers, Incoming } from '../../bridge/broker.ts'

/** What is to happen, as a decision says it. The data is written as JSON. */
export type Event = Readonly<{ type: string; data?: unknown }>
/** What has happened. `data` is what its JSON says; the bytes where it is none, and null where there are none. */
export type Happened = Readonly<{
  key: string
  type: string
  data: unknown
  time: EpochMs
  topic: string
  partition: number
  offset: bigint
}>

const several = 'application/cloudevents-batch+json'

export const header = (headers: Headers, name: string): string | null => {
  const value = headers.find(([other]) => other === name)?.[1]
  return value === undefined ? null : textOf(value)
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

export type Decision = Readonly<{ id: string; key: string; source: string; events: readonly Event[] }>

/**
 * A decision as one record, so that it is in the log as a whole or not at all: one event as a CloudEvent in binary mode, several as a
 * batch of them.
 */
export function written({ id, key, source, events }: Decision): Readonly<{ headers: Header[]; value: Buffer | null }> {
  const time = isoTime(wallClock())
  const attributes = { specversion: '1.0', source, time, partitionkey: key }
  const [first] = events
  if (events.length === 1 && first !== undefined) {
    const named = { ...attributes, id, type: first.type }
    const headers = Object.entries(named).map(([name, value]): Header => [`ce_${name}`, Buffer.from(value)])
    if (first.data === undefined) return { headers, value: null }
    headers.push(['content-type', Buffer.from('application/json')])
    return { headers, value: Buffer.from(JSON.stringify(first.data)) }
  }
  const all = events.map(({ type, data }, at) => ({ ...attributes, id: `${id}.${at}`, type, data }))
  return { headers: [['content-type', Buffer.from(several)]], value: Buffer.from(JSON.stringify(all)) }
}

/** The events of a record: of a decision, or of any other writer. */
export function happened(record: Incoming, key: string): readonly Happened[] {
  const { headers, value, timestamp, topic, partition, offset } = record
  const place = { key, time: timestamp as EpochMs, topic, partition, offset }
  const type = header(headers, 'ce_type') ?? ''
  const data = value === null ? null : dataOf(value)
  if (header(headers, 'content-type') !== several || !Array.isArray(data)) return [{ ...place, type, data }]
  return (data as readonly Readonly<{ type?: unknown; data?: unknown }>[]).map(event => ({
    ...place,
    type: typeof event.type === 'string' ? event.type : '',
    data: event.data ?? null,
  }))
}

function dataOf(value: Uint8Array): unknown {
  if (!isUtf8(value)) return value
  try {
    return JSON.parse(textOf(value))
  } catch {
    return value
  }
}
