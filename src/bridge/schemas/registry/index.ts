import type { RegistrySection, SchemaSource } from '../../../../config/schema/index.ts'
import type { Call } from '../../../call.ts'
import { Problem } from '../../../problem.ts'
import type { Handler, Incoming } from '../../broker.ts'
import type { Decode } from '../../wire/index.ts'
import { decoding, fitting } from '../fitting.ts'
import { apicurio } from './apicurio.ts'
import { asking } from './client.ts'
import { confluent } from './confluent.ts'
import { framedOf, framer, readFramed } from './frame.ts'
import type { Framed, Framing } from './frame.ts'
import { Registry, Subject } from './registry.ts'
import type { Known } from './registry.ts'

export type { Known } from './registry.ts'
export { readingBy, readyBy } from './records.ts'
export type { Carried } from './records.ts'
export { Subject } from './registry.ts'

/** A registry with the way in which ids travel by default. */
export type Opened = Readonly<{ registry: Registry; options: RegistrySection }>

/** Nothing is asked yet. `records` are the subjects that are named as records. */
export function openRegistry(options: RegistrySection, records: ReadonlySet<string>): Opened {
  const { username, password, token } = options
  const authorization =
    token !== undefined
      ? `Bearer ${token}`
      : username === undefined
        ? null
        : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
  const ask = asking({ ...options, authorization })
  const client = options.kind === 'apicurio' ? apicurio(ask, options.group, records) : confluent(ask)
  return { registry: new Registry(client, options), options }
}

export const framingOf = (
  { kind, ids, idsIn }: RegistrySection,
  source: Partial<Pick<SchemaSource, 'ids' | 'idsIn'>>,
): Framing => ({
  kind,
  ids: kind === 'confluent' ? 'schema' : (source.ids ?? ids),
  idsIn: source.idsIn ?? idsIn,
})

/** The name of the subject of a source: of values or keys of its topic, of a record, or as it is given. */
export const subjectOf = ({ registry, name = '' }: SchemaSource, topic: string, of: 'value' | 'key'): string =>
  registry === 'topic' ? `${topic}-${of}` : name

/** As fitting, by the schema that the subject means at the time. */
export function fittingBy(subject: Subject, framing: Framing): (call: Call) => Call | Promise<Call> {
  let last: Readonly<{ known: Known; fit: (call: Call) => Call }> | null = null
  const by = (known: Known): ((call: Call) => Call) => {
    if (last?.known !== known) last = { known, fit: fitting(known.codec, frameOf(known, framing)) }
    return last.fit
  }
  return function fit(call) {
    const known = subject.get()
    return known instanceof Promise ? known.then(one => by(one)(call)) : by(known)(call)
  }
}

function frameOf({ codec, ids }: Known, framing: Framing): ReturnType<typeof framer> {
  try {
    return framer(framing, ids, codec)
  } catch (error) {
    throw new Problem('schema-unavailable', `The schema cannot be named to readers: ${(error as Error).message}.`)
  }
}

/** As decoding, by the schema whose id the reply carries; `ahead` has looked for it. */
export function decodingBy({ registry }: Opened, framing: Framing, route: string, mode: SchemaSource['mode']): Decode {
  const plain = decoding({ format: 'json', read: () => refuse('carries no id of a schema') }, route, mode)
  return function decode(record, reply, worker) {
    const framed = framedOf(record, framing)
    if (framed === null) return plain(record, reply, worker)
    const known = registry.known(framed.id)
    if (known === null) throw registry.problemOf(framed.id)
    const read = (): Uint8Array => readFramed(framed, known.codec)
    return decoding({ format: 'avro', read }, route, mode, true)(record, reply, worker)
  }
}

const refuse = (why: string): never => {
  throw new Error(why)
}

/** A handler that is handed records only once the schemas of their ids are known, or cannot be had. */
export const ahead =
  ({ registry }: Opened, framings: readonly Framing[]) =>
  (handler: Handler): Handler =>
  record => {
    const unknown = unknownOf(registry, framings, record)
    if (unknown === null) return handler(record)
    const go = (): void => handler(record)
    registry.byId(unknown.id).then(go, go)
  }

function unknownOf(registry: Registry, framings: readonly Framing[], record: Incoming): Framed | null {
  for (const framing of framings) {
    const framed = framedOf(record, framing)
    if (framed !== null && registry.known(framed.id) === null) return framed
  }
  return null
}
