import type { Config, SchemaSource } from '../config/schema/index.ts'
import type { Codec } from './bridge/schemas/index.ts'
import type { Decode } from './bridge/wire/index.ts'
import type { Fits } from './resilience/schema.ts'

type Place = 'request' | 'reply'
type Shown = ReturnType<Codec['shown']>

/** What the bodies of routes must be, by route; null where anything may come. */
export type SchemasPart = Readonly<{
  fits: (route: string) => Fits | null
  decode: (route: string) => Decode | null
  /** As JSON Schema, to stand at this place of a document. */
  shown: (route: string, place: Place, at: string) => Shown | null
}>

/** Compiles the schemas of all routes, null where no route has any. Throws an Error of one sentence for one that does not hold. */
export async function openSchemas({ routes }: Pick<Config, 'routes'>): Promise<SchemasPart | null> {
  if (Object.values(routes).every(({ schema }) => schema === undefined)) return null
  const { codecOfFile, decoding, fitting } = await import('./bridge/schemas/index.ts') // not loaded where it is not used
  const fits = new Map<string, Fits>()
  const decodes = new Map<string, Decode>()
  const shown = new Map<string, Codec['shown']>()
  for (const [route, { schema = {} }] of Object.entries(routes)) {
    const { request = schema.event, reply } = schema
    const open = async (place: Place, source: SchemaSource | undefined): Promise<Codec | null> => {
      if (source === undefined || source.mode === 'off') return null
      const named = place === 'reply' ? place : schema.event === undefined ? 'request' : 'event'
      const codec = await codecOfFile(source).catch((error: Error) => {
        throw new Error(`routes.${route}.schema.${named}: ${error.message}`, { cause: error })
      })
      shown.set(`${route} ${place}`, codec.shown)
      return codec
    }
    const asked = await open('request', request)
    if (asked !== null) fits.set(route, { mode: request?.mode ?? 'enforce', fit: fitting(asked) })
    const answered = await open('reply', reply)
    if (answered !== null) decodes.set(route, decoding(answered, route, reply?.mode ?? 'enforce'))
  }
  return {
    fits: route => fits.get(route) ?? null,
    decode: route => decodes.get(route) ?? null,
    shown: (route, place, at) => shown.get(`${route} ${place}`)?.(at) ?? null,
  }
}
