import { isUtf8 } from 'node:buffer'
import type { Call, Pair } from '../../call.ts'
import { isoTime, onTheWire, wallClock } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import type { Header, Headers } from '../broker.ts'
import { rowOf } from './dialect.ts'
import type { Dialect, EmptyBody } from './dialect.ts'
import { attempt, bytes, constant, position } from './text.ts'

/** Caches the latest result: the same value is often written many times in a row. */
function recurring<T>(write: (value: T) => Uint8Array): (value: T) => Uint8Array {
  let last: Readonly<{ value: T; written: Uint8Array }> | null = null
  return value => {
    if (last === null || last.value !== value) last = { value, written: write(value) }
    return last.written
  }
}

/** RFC 3339 in UTC. Commands of one millisecond share it. */
const timestamp = recurring((at: EpochMs) => bytes(isoTime(at)))

/** Caches prefixed names. They are few: parameters and allow-listed headers come from the configuration. */
function prefixed(prefix: string): (name: string) => string {
  const known = new Map<string, string>()
  return name => {
    let made = known.get(name)
    if (made === undefined) known.set(name, (made = prefix + name))
    return made
  }
}

/** What of a call its record tells. */
export type Commanded = Pick<Call, 'command' | 'key' | 'body' | 'told' | 'expires' | 'encoded' | 'awaits'>

export type Envelope = Readonly<{
  dialect: Dialect
  route: string
  template: string // the path of the route, with its parameters' names
  instance: string
  reply: Readonly<{ topic: string; partition: number }> | null // null: an event, which nobody answers
  emptyBody?: EmptyBody | undefined // undefined: as the dialect has it
}>

const emptyObject = bytes('{}')
const emptyBodies: Readonly<Record<NonNullable<EmptyBody>, Uint8Array | null>> = {
  null: null,
  empty: new Uint8Array(),
  object: emptyObject,
}

const emptyOf = ({ dialect, emptyBody }: Pick<Envelope, 'dialect' | 'emptyBody'>): Uint8Array | null =>
  emptyBodies[(emptyBody === undefined ? rowOf(dialect).emptyBody : emptyBody) ?? 'null']

/** Makes the function that turns a body into a record value, which for no content is as `emptyBody` says. */
export function valueOf(
  options: Pick<Envelope, 'dialect' | 'emptyBody'>,
): (call: Pick<Call, 'body' | 'encoded'>) => Uint8Array | null {
  const empty = emptyOf(options)
  return ({ body, encoded }) => (encoded !== undefined ? encoded.value : body.length === 0 ? empty : body)
}

/** Makes the function that writes the record headers of a call: CloudEvents 1.0 in binary mode. What all calls of a route share is encoded once. */
export function envelope(options: Envelope): (call: Commanded, correlation: string) => Headers {
  const { dialect, route, template, instance, reply } = options
  const row = rowOf(dialect)
  const writesJson = emptyOf(options) === emptyObject
  const [param, passed] = [prefixed('http-param-'), prefixed('http-header-')]
  const fixed: Header[] = [
    constant('ce_specversion', '1.0'),
    constant('ce_type', route),
    constant('ce_source', `/sluice/${instance}`),
    constant('http-route', template),
    constant(attempt, '1'),
  ]
  if (reply !== null) {
    const { replyTopic, replyPartition: place } = row
    fixed.push(constant(replyTopic, reply.topic))
    if (place !== null) fixed.push([place.name, place.write(reply.partition)])
  }
  const [method, contentType] = [recurring(bytes), recurring(bytes)]
  return function headers(call, correlation) {
    const { told } = call
    const path = bytes(told.path)
    const all = fixed.slice()
    all.push(['ce_id', bytes(call.command)], ['ce_time', timestamp(wallClock())], ['ce_subject', path])
    if (call.key !== null && (!row.textOnly || isUtf8(call.key))) all.push(['ce_partitionkey', call.key])
    if (reply !== null) all.push([row.correlation, bytes(correlation)])
    all.push(
      ['sluice-expires', bytes(String(onTheWire(call.expires)))],
      ['http-method', method(told.method)],
      ['http-path', path],
    )
    if (call.awaits !== undefined) all.push([position, bytes(call.awaits)])
    if (told.query !== '') all.push(['http-query', bytes(told.query)])
    if (row.plainHeaders) addPlain(all, told)
    const { encoded } = call
    const type = encoded?.contentType ?? (writesJson && call.body.length === 0 ? 'application/json' : told.contentType)
    if (type !== null) all.push(['content-type', contentType(type)])
    if (told.contentEncoding !== undefined) all.push(['content-encoding', bytes(told.contentEncoding)])
    if (encoded !== undefined) all.push(...encoded.headers)
    for (const [name, value] of told.params) all.push([param(name), bytes(value)])
    for (const [name, value] of told.headers) all.push([passed(name), bytes(value)])
    for (const [name, value] of told.trace) all.push([name, bytes(value)])
    return all
  }
}

/** The request as HTTP/2 writes it. */
function addPlain(all: Header[], { method, path, query, headers }: Call['told']): void {
  all.push([':method', bytes(method)], [':path', bytes(query === '' ? path : `${path}?${query}`)])
  for (const [name, value] of headers) all.push([name, bytes(value)])
}

/** The record headers of a repeated sending of the same command. */
export const asAttempt = (headers: Headers, number: number): Headers =>
  headers.map(header => (header[0] === attempt ? constant(attempt, String(number)) : header))

/** The record headers of a CloudEvent that its client made (Kafka binding, 3.2): its attributes in place of the gateway's. */
export const asEvent = (headers: Headers, attributes: readonly Pair[]): Headers => [
  ...attributes.map(([name, value]) => constant(`ce_${name}`, value)),
  ...headers.filter(([name]) => !name.startsWith('ce_')),
]
