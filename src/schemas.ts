import type { Config, RouteOptions, SchemaSource } from '../config/schema/index.ts'
import type { Handler } from './bridge/broker.ts'
import type { Codec } from './bridge/schemas/index.ts'
import type { Opened } from './bridge/schemas/registry/index.ts'
import type { Decode } from './bridge/wire/index.ts'
import type { Fits } from './resilience/schema.ts'
import { events } from './events.ts'
import { Problem } from './problem.ts'

type Place = 'request' | 'reply'
type Shown = Codec['shown']

/** What the bodies of routes must be, by route; null where anything may come. */
export type SchemasPart = Readonly<{
  fits: (route: string) => Fits | null
  decode: (route: string) => Decode | null
  /** Around a handler of replies: it is handed them once their schemas are known. */
  ahead: (handler: Handler) => Handler
  /** As JSON Schema, to stand at this place of a document. */
  shown: (route: string, place: Place, at: string) => ReturnType<Shown> | null
}>
/** One schema of a route. */
type Used = Readonly<{ route: string; place: Place; named: string; source: SchemaSource; topic: string }>
type Part = Readonly<{ fit?: Fits['fit']; decode?: Decode; shown?: () => Shown | null }>
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
    ahead: registry?.ahead ?? (handler => handler),
    shown: (route, place, at) => parts.get(`${route} ${place}`)?.shown?.()?.(at) ?? null,
  }
}

const modeOf = (used: readonly Used[], route: string): SchemaSource['mode'] =>
  used.find(one => one.route === route && one.place === 'request')?.source.mode ?? 'enforce'

function usedBy({ workers, replies }: Openable, route: string, options: RouteOptions): readonly Used[] {
  const { schema = {}, event, command, query } = options
  const topic = event?.topic ?? workers[(command ?? query)?.to ?? '']?.topic ?? ''
  const all: readonly (readonly [Place, string, SchemaSource | undefined, string])[] = [
    ['request', 'request', schema.request, topic],
    ['request', 'event', schema.event, topic],
    ['reply', 'reply', schema.reply, replies.topic],
  ]
  return all.flatMap(([place, named, source, topic]) =>
    source === undefined || source.mode === 'off' ? [] : [{ route, place, named, source, topic }],
  )
}

async function inFile({ route, place, named, source }: Used): Promise<Part> {
  const { codecOfFile, decoding, fitting } = await import('./bridge/schemas/index.ts') // not loaded where it is not used
  const codec = await codecOfFile(source).catch((error: Error) => failed(route, named, error.message))
  const shown = (): Shown => codec.shown
  return place === 'request' ? { fit: fitting(codec), shown } : { decode: decoding(codec, route, source.mode), shown }
}

const failed = (route: string, named: string, why: string): never => {
  throw new Error(`routes.${route}.schema.${named}: ${why}`)
}

async function registryOf({ registry: options }: Openable, used: readonly Used[]) {
  if (options === undefined) throw new Error('There is no section registry.') // the configuration was checked
  const { ahead, decodingBy, fittingBy, framingOf, openRegistry, Subject, subjectOf } =
    await import('./bridge/schemas/registry/index.ts') // not loaded where it is not used
  const records = used.flatMap(({ source: { registry, name = '' } }) => (registry === 'record' ? [name] : []))
  const opened: Opened = openRegistry(options, new Set(records))
  const read = used.filter(({ place, source }) => place === 'reply' && source.registry !== undefined)

  async function open({ route, place, named, source, topic }: Used): Promise<Part> {
    const framing = framingOf(opened.options, source)
    const decode = place === 'reply' ? decodingBy(opened, framing, route, source.mode) : null
    if (source.registry === 'id') return decode === null ? {} : { decode }
    const subject = new Subject(opened.registry, subjectOf(source, topic), source)
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
    return decode === null ? { fit: fittingBy(subject, framing), shown } : { decode, shown }
  }
  return {
    open,
    ahead: ahead(
      opened,
      read.map(({ source }) => framingOf(opened.options, source)),
    ),
  }
}

/** Whether waiting does not help: there is no such subject, or its schema does not compile. */
const isLasting = (cause: unknown): boolean => cause instanceof Error && cause.name === 'Unusable'
