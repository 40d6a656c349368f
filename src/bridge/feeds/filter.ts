import type { FilterOptions } from '../../../config/schema/index.ts'
import type { Pair } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { Incoming } from '../broker.ts'
import { textOf } from './content.ts'
import { comparable, pointed } from './pointer.ts'

/** What a client wants of each filter of its route; null: anything. */
export type Wish = readonly (string | null)[]
/** What a record has where each filter looks; null: nothing that could be compared. */
export type Found = readonly (string | null)[]

/** What a record has at one place, as text; `json` is its value, parsed. */
export type Look = (record: Incoming, json: unknown) => string | null

/** The filters of a route: which records a client wants is said by its path, its query and the configuration. */
export type Filter = Readonly<{
  /** Throws invalid-request when a parameter that is needed is missing. */
  wishOf: (params: ReadonlyMap<string, string>, query: URLSearchParams, claims?: readonly Pair[]) => Wish
  find: (record: Incoming, json: unknown) => Found
}>

export function filterOf(filters: readonly FilterOptions[]): Filter {
  const looks = filters.map(({ of }) => lookOf(of))
  return {
    wishOf: (params, query, claims = []) =>
      filters.map(({ equals, value, required }) => {
        if (value !== undefined) return String(value)
        const [place, name] = parted(equals ?? '')
        if (place === 'claim') return claimed(claims, name)
        const found = place === 'path' ? params.get(name) : query.get(name)
        if (found !== undefined && found !== null) return found
        if (place === 'path' || required)
          throw new Problem('invalid-request', `The query parameter ${name} is missing.`)
        return null
      }),
    find: (record, json) => looks.map(look => look(record, json)),
  }
}

function claimed(claims: readonly Pair[], name: string): string {
  const found = claims.find(claim => claim[0] === name)
  if (found === undefined) throw new Problem('forbidden', `The claim ${name} is missing.`)
  return found[1]
}

const parted = (text: string): readonly [place: string, name: string] => {
  const dot = text.indexOf('.')
  return [text.slice(0, dot), text.slice(dot + 1)]
}

/** `of` is `key`, `header.<name>`, or a JSON pointer into the value. */
export function lookOf(of: string): Look {
  if (of === 'key') return ({ key }) => (key === null ? null : textOf(key))
  if (of.startsWith('/')) return (_record, json) => comparable(pointed(json, of))
  const name = parted(of)[1]
  return ({ headers }) => {
    for (const header of headers) if (header[0] === name) return textOf(header[1])
    return null
  }
}

export const matches = (wish: Wish, found: Found): boolean =>
  wish.every((wanted, at) => wanted === null || wanted === found[at])

/** Equal for clients that want the same. */
export const nameOf = (wish: Wish): string => JSON.stringify(wish)

/** What the record's own would be called, of those who wish where `mask` does; null where the record has nothing. */
export function wishedBy(mask: Wish, found: Found): Wish | null {
  const wish: (string | null)[] = []
  for (const [at, wanted] of mask.entries()) {
    const value = wanted === null ? null : found[at]
    if (value === undefined || (value === null && wanted !== null)) return null
    wish.push(value)
  }
  return wish
}
