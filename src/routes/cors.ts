import type { RouteOptions } from '../../config/schema/index.ts'
import type { Pair } from '../call.ts'

/** What a route allows the pages of other origins (Fetch, 3.2: the CORS protocol). */
export type Cors = Readonly<{
  /** The headers of every answer to a request from there, problems included; a flat list. */
  fields: (origin: string | undefined) => readonly string[]
  /** The headers of the answer to a preflight; null when the origin may not ask. */
  preflight: (origin: string, method: string) => readonly Pair[] | null
}>

/** What the gateway says itself, that a page may want to know. */
const ownHeaders = [
  'retry-after',
  'sluice-outcome',
  'sluice-call-id',
  'sluice-partial',
  'location',
  'preference-applied',
  'ratelimit',
  'ratelimit-policy',
  'server-timing',
  'age',
  'sluice-position',
  'cache-status',
]
/** What a request may say to the gateway itself. */
const askable = [
  'content-type',
  'prefer',
  'idempotency-key',
  'last-event-id',
  'if-none-match',
  'sluice-position',
  'traceparent',
  'tracestate',
  'baggage',
]

/** The attributes of a CloudEvent as headers; its extensions are the route's to name. */
const attributes = ['specversion', 'id', 'source', 'type', 'time', 'subject', 'dataschema', 'partitionkey'].map(
  name => `ce-${name}`,
)

/** Null for a route without the option. */
export function corsOf(route: RouteOptions): Cors | null {
  const { cors, replyHeaders, requestHeaders, deadlineHeader } = route
  if (cors === undefined) return null
  const any = cors.origins.includes('*')
  const listed = new Set(cors.origins)
  const key = (route.command ?? route.query ?? route.event)?.key
  const keyHeader = key?.startsWith('header.') === true ? [key.slice('header.'.length).toLowerCase()] : []
  const deadline = deadlineHeader === undefined ? [] : [deadlineHeader]
  const ofEvents = route.event?.cloudEvents === true ? attributes : []
  const asked = listOf([...askable, ...ofEvents, ...requestHeaders, ...keyHeader, ...deadline, ...cors.requestHeaders])
  const exposed = listOf([...ownHeaders, ...replyHeaders, ...cors.exposedHeaders])
  const varies: readonly Pair[] = any ? [] : [['Vary', 'Origin']] // a cache must not give one origin what it has of another
  const credentials: readonly Pair[] = cors.credentials ? [['Access-Control-Allow-Credentials', 'true']] : []

  const allowed = (origin: string): readonly Pair[] | null =>
    any || listed.has(origin) ? [['Access-Control-Allow-Origin', any ? '*' : origin], ...credentials, ...varies] : null
  const answers = new Map<string, readonly string[]>()
  for (const origin of listed)
    answers.set(origin, [...(allowed(origin) ?? []), ['Access-Control-Expose-Headers', exposed]].flat())
  const others = varies.flat()
  return {
    fields: origin => (origin === undefined ? others : (answers.get(any ? '*' : origin) ?? others)),
    preflight: (origin, method) => {
      const pairs = allowed(origin)
      return pairs === null
        ? null
        : [
            ...pairs,
            ['Access-Control-Allow-Methods', method],
            ['Access-Control-Allow-Headers', asked],
            ['Access-Control-Max-Age', String(Math.floor(cors.maxAgeMs / 1_000))],
          ]
    },
  }
}

const listOf = (names: readonly string[]): string => [...new Set(names)].join(', ')
