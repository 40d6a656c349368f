type Json = Readonly<Record<string, unknown>>

const places = {
  request: 'The body of the request as it came.',
  reply: 'The body of the answer.',
  record: 'Whatever is written there.',
  key: 'Whatever stands there.',
} as const
type Place = keyof typeof places

/** What the bodies of a route are, or the records that it tells or shows, as a JSON Schema that stands at that place; null where anything may come. */
export type ShownOf = (route: string, place: Place, at: string) => Json | null

const nameOf = (route: string, place: Place): string => `${route}.${place}`
const refOf = (route: string, place: Place): Json => ({ $ref: `#/components/schemas/${nameOf(route, place)}` })

/** The value is the body, byte for byte, or in the form of its schema. */
export const payloadOf = (route: string, place: Place, shown: ShownOf): Json =>
  shown(route, place, '#') === null ? { description: places[place] } : refOf(route, place)

/** What the keys of its records are; null where anything may stand there. */
export const keyOf = (route: string, shown: ShownOf): Json | null =>
  shown(route, 'key', '#') === null ? null : refOf(route, 'key')

/** The schemas of these routes, as the components of a document. */
export function schemasOf(routes: readonly string[], shown: ShownOf): Json {
  const schemas = routes.flatMap(route =>
    (Object.keys(places) as Place[]).flatMap(place => {
      const name = nameOf(route, place)
      const schema = shown(route, place, `#/components/schemas/${name}`)
      return schema === null ? [] : [[name, schema] as const]
    }),
  )
  return schemas.length === 0 ? {} : { components: { schemas: Object.fromEntries(schemas) } }
}
