type Json = Readonly<Record<string, unknown>>

/**
 * A JSON Schema as a part of another document: what it says of itself begins at that place (such as `#/components/schemas/Order`),
 * and what it refers to in other files stands in its `$defs`.
 */
export function shownAt(place: string, schema: Json, references: ReadonlyMap<string, Json>): Json {
  const homes = new Map(
    [...references.keys()].map(name => [name, `${place}/$defs/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`]),
  )
  const moved = (one: Json, home: string): Json => {
    const { $id: _id, $schema: _draft, ...rest } = one
    return pointed(rest, reference => {
      const [name = '', fragment = ''] = reference.split('#')
      const from = name === '' ? home : homes.get(name)
      return from === undefined ? reference : from + fragment
    }) as Json
  }
  const whole = moved(schema, place)
  if (references.size === 0) return whole
  const defs = [...references].map(([name, one]) => [name, moved(one, homes.get(name) ?? place)] as const)
  return { ...whole, $defs: { ...(whole['$defs'] as Json | undefined), ...Object.fromEntries(defs) } }
}

function pointed(value: unknown, point: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map(one => pointed(one, point))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$ref' && typeof inner === 'string' ? point(inner) : pointed(inner, point),
    ]),
  )
}
