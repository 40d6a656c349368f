import type { Config, RouteOptions, SchemaSource } from '../config/schema/index.ts'
import type { Handler } from './bridge/broker.ts'
import type { Readable, Readied } from './bridge/readied.ts'
import type { Codec, ReadBytes, ReadRecord } from './bridge/schemas/index.ts'
import type { Carried, Opened } from './bridge/schemas/registry/index.ts'
import type { Decode } from './bridge/wire/index.ts'
import type { Fits } from './resilience/schema.ts'
import { events } from './events.ts'
import { reading } from './bridge/schemas/reading.ts'
import { Problem } from './problem.ts'

type Place = 'request' | 'reply' | 'record' | 'key'
type Shown = Codec['shown']

/** What the bodies of routes must be, by route; null where anything may come. */
export type SchemasPart = Readonly<{
  fits: (route: string) => Fits | null
  decode: (route: string) => Decode | null
  /** Around a handler of replies: it is handed them once their schemas are known. */
  ahead: (handler: Handler) => Handler
  /** How the records that a route tells or shows are read; null: as they are. */
  records: (route: string) => ReadRecord | null
  /** Reads as the broker does, but hands on only records whose schemas are known. */
  readied: <Source extends Readable>(broker: Source) => Source | Readied
  /** As JSON Schema, to stand at this place of a document. */
  shown: (route: string, place: Place, at: string) => ReturnType<Shown> | null
}>
/** One schema of a route. */
type Used = Readonly<{ route: string; place: Place; named: string; source: SchemaSource; topics: readonly string[] }>
type Part = Readonly<{ fit?: Fits['fit']; decode?: Decode; read?: ReadBytes; shown?: () => Shown | null }>
type Openable = Pick<Config, 'routes' | 'workers' | 'replies' | 'registry'>

/**
 * Compiles the schemas of all routes, null where no route has any. Throws an Error of one sentence for one that does not hold, or
 * that the registry does not have; with `offline` the registry is not asked.
 */
export async function openSchemas(config: Openable, offline = false): Promise<SchemasPart | null> {
  const used = Object.entries(config.routes).flatMap(([route, options]) => usedBy(config, route, options))
  if (used.length === 0) return null
  const registry = used.some(({ source }) => source.registry !== undefined) ? await registryOf(config, used) : null
  const parts = new Map<string, Part>()
  const opening = used.map(async one => {
    if (one.source.registry === undefined) parts.set(`${one.route} ${one.place}`, await inFile(one))
    else if (registry !== null && !offline) parts.set(`${one.route} ${one.place}`, await registry.open(one))
  })
  await Promise.all(opening)
  return {
    fits: route => {
      const fit = parts.get(`${route} request`)?.fit
      return fit === undefined ? null : { fit, mode: modeOf(used, route) }
    },
    decode: route => parts.get(`${route} reply`)?.decode ?? null,
    records: route => recordsOf(used, parts, route),
    readied: registry?.readied ?? (broker => broker),
    ahead: registry?.ahead ?? (handler => handler),
    shown: (route, place, at) => parts.get(`${route} ${place}`)?.shown?.()?.(at) ?? null,
  }
}

const modeOf = (used: readonly Used[], route: string): SchemaSource['mode'] =>
  used.find(one => one.route === route && one.place === 'request')?.source.mode ?? 'enforce'

function usedBy({ workers, replies }: Openable, route: string, options: RouteOptions): readonly Used[] {
  const { schema = {}, event, command, query, stream, view } = options
  const written = [event?.topic ?? workers[(command ?? query)?.to ?? '']?.topic ?? '']
  const followed = stream?.topics ?? [view?.topic ?? '']
  const all: readonly (readonly [Place, string, SchemaSource | undefined, readonly string[]])[] = [
    ['request', 'request', schema.request, written],
    ['request', 'event', schema.event, written],
    ['reply', 'reply', schema.reply, [replies.topic]],
    ['record', 'record', schema.record, followed],
    ['key', 'key', schema.key, followed],
  ]
  return all.flatMap(([place, named, source, topics]) =>
    source === undefined || source.mode === 'off' ? [] : [{ route, place, named, source, topics }],
  )
}

async function inFile({ route, place, named, source }: Used): Promise<Part> {
  const { codecOfFile, decoding, fitting } = await import('./bridge/schemas/index.ts') // not loaded where it is not used
  const codec = await codecOfFile(source).catch((error: Error) => failed(route, named, error.message))
  const shown = (): Shown => codec.shown
  if (place === 'request') return { fit: fitting(codec), shown }
  return place === 'reply' ? { decode: decoding(codec, route, source.mode), shown } : { read: codec.read, shown }
}

/** The stricter of two modes holds for a record: half of it read would be neither the one nor the other. */
function recordsOf(used: readonly Used[], parts: ReadonlyMap<string, Part>, route: string): ReadRecord | null {
  const [value = null, key = null] = ['record', 'key'].map(place => parts.get(`${route} ${place}`)?.read ?? null)
  if (value === null && key === null) return null
  const own = used.filter(one => one.route === route)
  return reading({
    route,
    mode: own.some(({ source }) => source.mode === 'enforce') ? 'enforce' : 'observe',
    value,
    key,
  })
}

const failed = (route: string, named: string, why: string): never => {
  throw new Error(`routes.${route}.schema.${named}: ${why}`)
}

async function registryOf({ registry: options }: Openable, used: readonly Used[]) {
  if (options === undefined) throw new Error('There is no section registry.') // the configuration was checked
  const { ahead, decodingBy, fittingBy, framingOf, openRegistry, readingBy, readyBy, Subject, subjectOf } =
    await import('./bridge/schemas/registry/index.ts') // not loaded where it is not used
  const { Readied } = await import('./bridge/readied.ts')
  const records = used.flatMap(({ source: { registry, name = '' } }) => (registry === 'record' ? [name] : []))
  const opened: Opened = openRegistry(options, new Set(records))
  const read = used.filter(({ place, source }) => place === 'reply' && source.registry !== undefined)

  const carried: readonly Carried[] = used.flatMap(({ place, source, topics }) =>
    source.registry === undefined || (place !== 'record' && place !== 'key')
      ? []
      : topics.map(topic => ({
          topic,
          of: place === 'key' ? 'key' : 'value',
          framing: framingOf(opened.options, source),
        })),
  )
  const readied = new Set(carried.map(({ topic }) => topic))

  async function open({ route, place, named, source, topics }: Used): Promise<Part> {
    const framing = framingOf(opened.options, source)
    const part: Part =
      place === 'reply'
        ? { decode: decodingBy(opened, framing, route, source.mode) }
        : place === 'request'
          ? {}
          : { read: readingBy(opened.registry, framing, place === 'key' ? 'key' : 'value') }
    if (source.registry === 'id') return part
    const name = subjectOf(source, topics[0] ?? '', place === 'key' ? 'key' : 'value')
    const subject = new Subject(opened.registry, name, source)
    try {
      await subject.get()
    } catch (error) {
      const { message, cause } = Problem.from(error)
      if (isLasting(cause)) failed(route, named, message)
      events.warning.publish({
        what: `routes.${route}.schema.${named}: ${message} It is asked for again when it is needed.`,
        cause: undefined,
      })
    }
    const shown = (): Shown | null => subject.current?.codec.shown ?? null
    return place === 'request' ? { fit: fittingBy(subject, framing), shown } : { ...part, shown }
  }
  return {
    open,
    readied: <Source extends Readable>(broker: Source): Source | Readied =>
      readied.size === 0 ? broker : new Readied(broker, readied, readyBy(opened.registry, carried)),
    ahead: ahead(
      opened,
      read.map(({ source }) => framingOf(opened.options, source)),
    ),
  }
}

/** Whether waiting does not help: there is no such subject, or its schema does not compile. */
const isLasting = (cause: unknown): boolean => cause instanceof Error && cause.name === 'Unusable'
