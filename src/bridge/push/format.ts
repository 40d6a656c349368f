import { isUtf8 } from 'node:buffer'
import { textOf } from '../feeds/content.ts'
import { isJson } from './event.ts'
import type { CloudEvent } from './event.ts'

/** A request as one format has it: its content type is among the headers, which are names and values by turns. */
export type Written = Readonly<{ id: string; headers: readonly string[]; body: Uint8Array | string }>
export type Format = 'binary' | 'structured' | 'batch' | 'webhook'

/** Writes events, of which there is just one but in `batch`. */
export const formats: Readonly<Record<Format, (events: readonly [CloudEvent, ...CloudEvent[]]) => Written>> = {
  binary: ([event]) => {
    const { id, attributes, contentType, data, trace } = event
    const headers = attributes.flatMap(([name, value]) => [`ce-${name}`, toHeader(value)])
    if (contentType !== null) headers.push('content-type', printable(contentType))
    return { id, headers: [...headers, ...tracing(trace)], body: data ?? nothing }
  },
  structured: ([event]) => ({
    id: event.id,
    headers: ['content-type', 'application/cloudevents+json; charset=utf-8', ...tracing(event.trace)],
    body: structured(event),
  }),
  batch: events => ({
    id: `${events[0].id}${events.length === 1 ? '' : `-${events.length}`}`,
    headers: ['content-type', 'application/cloudevents-batch+json; charset=utf-8'],
    body: `[${events.map(structured).join(',')}]`,
  }),
  webhook: ([event]) => {
    const told = new Map(event.attributes)
    const plain = JSON.stringify({ type: told.get('type'), timestamp: told.get('time') })
    const data = event.data === null ? ',"data":null' : dataOf(event)
    const body = `${plain.slice(0, -1)}${data}}`
    return { id: event.id, headers: ['content-type', 'application/json', ...tracing(event.trace)], body }
  },
}

const nothing = new Uint8Array()
const tracing = (trace: CloudEvent['trace']): string[] => trace.flatMap(([name, value]) => [name, printable(value)])

/** CloudEvents 1.0, JSON format. */
function structured(event: CloudEvent): string {
  const { attributes, contentType } = event
  const plain = JSON.stringify({
    ...Object.fromEntries(attributes),
    ...(contentType !== null && { datacontenttype: contentType }),
  })
  return `${plain.slice(0, -1)}${dataOf(event)}}`
}

/** The data as a further member: JSON as it is, as parsing would cut long numbers; text as a string; all else in base64. */
function dataOf({ data, contentType }: CloudEvent): string {
  if (data === null) return ''
  const text = isUtf8(data) ? textOf(data) : null
  if (text !== null && (contentType === null || isJson(contentType)) && parses(text)) return `,"data":${text}`
  if (text !== null && /^text\//i.test(contentType ?? '')) return `,"data":${JSON.stringify(text)}`
  return `,"data_base64":"${Buffer.from(data).toString('base64')}"`
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** CloudEvents 1.0, HTTP binding, 3.1.3.2: percent-encoded, but for what is printable. */
export const toHeader = (value: string): string =>
  value.toWellFormed().replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, char => {
    let coded = ''
    for (const byte of Buffer.from(char)) coded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    return coded
  })
const printable = (value: string): string => value.replaceAll(/[^\x20-\x7e]/g, '?')
