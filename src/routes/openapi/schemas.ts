import { to } from './parts.ts'
import type { Json } from './parts.ts'

/** What the bodies of a route are, or the records that it tells or shows, as a JSON Schema that stands at that place; null where anything may come. */
export type ShownOf = (route: string, place: Place, at: string) => Json | null
type Place = (typeof places)[number]

const places = ['request', 'reply', 'record', 'key'] as const
const nameOf = (route: string, place: string): string => `${route}.${place}`

/** The schemas of these routes, by the names of `components.schemas`. */
export function schemaParts(routes: readonly string[], shown: ShownOf): Json {
  const parts: Record<string, Json> = {}
  for (const route of routes)
    for (const place of places) {
      const name = nameOf(route, place)
      const schema = shown(route, place, `#/components/schemas/${name}`)
      if (schema !== null) parts[name] = schema
    }
  return parts
}

export const schemaRef = (route: string, place: Place, shown: ShownOf): Json | null =>
  shown(route, place, '#') === null ? null : to(`schemas/${nameOf(route, place)}`)
