import { after } from '../../../clock.ts'
import type { Format } from '../../../format.ts'

/** The id of a schema, and of which kind it is: of equal digits each means another schema. */
export type Id = Readonly<{ kind: 'content' | 'global' | 'schema' | 'guid'; value: string }>
/** A schema as a registry has it. */
export type Described = Readonly<{
  ids: readonly Id[] // it is known by all of these
  format: Format
  text: string
  references: ReadonlyMap<string, string> // those that others are built on come first
}>
/** A registry that is asked, whatever its API. Both throw Unusable, or an Error when it cannot be told. */
export type Client = Readonly<{
  /** The schema of a subject, in this version or the latest. */
  subject: (name: string, version: string | undefined) => Promise<Described>
  byId: (id: Id) => Promise<Described>
}>

/** What waiting does not mend: the registry has no such schema, or it is of no use. */
export class Unusable extends Error {
  override readonly name = 'Unusable'
}

export type Reference<Place> = Readonly<{ name: string; place: Place }>

const mostReferences = 200

/** The texts of all that a schema refers to, by name. */
export async function gathered<Place>(
  references: readonly Reference<Place>[],
  look: (place: Place) => Promise<Readonly<{ text: string; references: readonly Reference<Place>[] }>>,
  all = new Map<string, string>(),
): Promise<ReadonlyMap<string, string>> {
  for (const { name, place } of references) {
    if (all.has(name)) continue
    if (all.size >= mostReferences) throw new Error(`it refers to more than ${mostReferences} others`)
    const found = await look(place)
    await gathered(found.references, look, all)
    all.set(name, found.text)
  }
  return all
}

export type Place = Readonly<{ url: string; authorization: string | null; timeoutMs: number }>
export type Ask = (path: string) => Promise<string>

const largestBytes = 4_194_304

/** Asks by HTTP: no redirects, 4 MiB at most, within the time. */
export function asking({ url, authorization, timeoutMs }: Place): Ask {
  const base = url.replace(/\/+$/, '')
  const headers = {
    accept: 'application/json, application/vnd.schemaregistry.v1+json, */*;q=0.5',
    ...(authorization !== null && { authorization }),
  }
  return async path => {
    const aborter = new AbortController()
    using _limit = after(timeoutMs, () => aborter.abort())
    const response = await fetch(`${base}${path}`, { redirect: 'error', headers, signal: aborter.signal })
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of response.body ?? []) {
      size += piece.length
      if (size > largestBytes) throw new Error('the answer is larger than 4 MiB')
      pieces.push(piece)
    }
    if (response.status === 404) throw new Unusable(`The registry has no ${decodeURIComponent(path)}.`)
    if (response.status !== 200) throw new Error(`it answered with ${response.status}`)
    return Buffer.concat(pieces).toString()
  }
}
