import type { Config, RouteOptions } from '../../config/schema/index.ts'
import { keyOf, payloadOf } from './described.ts'
import type { ShownOf } from './described.ts'
import { dialectOf, rowOf } from './wire/index.ts'

type Json = Readonly<Record<string, unknown>>
type WorkerOptions = Config['workers'][string]

export const text = { type: 'string' } as const
export const object = (properties: Json, required: readonly string[]): Json => ({
  type: 'object',
  properties,
  required,
})
/** A name within a JSON pointer. */
export const pointed = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** What every command and event carries, as CloudEvents 1.0 in binary mode and as HTTP said it. */
export const told = {
  ce_specversion: { const: '1.0' },
  ce_id: { ...text, description: 'Identity of the command: the same on every sending.' },
  ce_type: { ...text, description: 'Name of the route.' },
  ce_source: text,
  ce_time: { ...text, format: 'date-time' },
  ce_subject: { ...text, description: 'The path, as the client sent it.' },
  ce_partitionkey: { ...text, description: 'The key, where there is one.' },
  'sluice-attempt': { ...text, pattern: '^[0-9]+$' },
  'sluice-expires': { ...text, description: 'Epoch milliseconds after which nobody wants it.' },
  'http-method': text,
  'http-route': text,
  'http-path': text,
  'content-type': text,
  traceparent: text,
} as const
/** Those of them that are never missing. */
export const always = ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time', 'http-method', 'http-path']

const keyed = (key: string | undefined): Json => ({
  bindings: {
    kafka: {
      ...(key !== undefined && { key: { ...text, description: `Taken from ${key}.` } }),
      bindingVersion: '0.5.0',
    },
  },
})

/** What a route tells or shows: anybody's records, or those of its schemas. */
export function recordOf(route: string, shown: ShownOf): Json & Readonly<{ name: string }> {
  const key = keyOf(route, shown)
  if (key === null && shown(route, 'record', '#') === null)
    return { name: 'record', title: 'Whatever is written there.', payload: {} }
  return {
    name: `record-of-${route}`,
    title: `What ${route} tells or shows`,
    payload: payloadOf(route, 'record', shown),
    ...(key !== null && { bindings: { kafka: { key, bindingVersion: '0.5.0' } } }),
  }
}

/** An event, as its route publishes it. */
export const eventOf = (name: string, { event, contentTypes }: RouteOptions, payload: Json): Json => ({
  title: name,
  ...(contentTypes?.[0] !== undefined && { contentType: contentTypes[0] }),
  headers: object(told, always),
  payload,
  ...keyed(event?.key),
})

/** A command or a query, in the dialect of its worker. */
export function commandOf(name: string, route: RouteOptions, worker: WorkerOptions, payload: Json): Json {
  const { correlation, replyTopic, replyPartition } = rowOf(dialectOf(worker))
  const wire = {
    [correlation]: { ...text, description: 'To be echoed in the reply.' },
    [replyTopic]: { ...text, description: 'The topic of the reply.' },
    ...(replyPartition !== null && { [replyPartition.name]: { description: 'The partition of the reply.' } }),
  }
  const isAsked = route.replies === undefined // a service that knows no gateway is asked for no reply
  return {
    title: name,
    ...(route.contentTypes?.[0] !== undefined && { contentType: route.contentTypes[0] }),
    headers: isAsked ? object({ ...told, ...wire }, [...always, correlation, replyTopic]) : object(told, always),
    ...(isAsked && { correlationId: { location: `$message.header#/${pointed(correlation)}` } }),
    payload,
    ...keyed((route.command ?? route.query)?.key),
  }
}

/** What a worker answers, in its dialect. */
export function replyOf(title: string, worker: WorkerOptions, payload: Json): Json {
  const { correlation, contentType, status } = rowOf(dialectOf(worker))
  const type = worker.contentType ?? contentType
  const properties = {
    [correlation]: { ...text, description: 'As it came in the command.' },
    [status ?? 'sluice-status']: { ...text, pattern: '^[2-5][0-9][0-9]$', description: 'HTTP status; 200 without it.' },
    'content-type': text,
  }
  return {
    title,
    ...(type !== null && type !== undefined && { contentType: type }),
    headers: object(properties, [correlation]),
    correlationId: { location: `$message.header#/${pointed(correlation)}` },
    payload,
  }
}
