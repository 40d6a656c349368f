import type { Incoming } from '../broker.ts'
import { dialectNames, rowOf } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import { text } from './text.ts'

/** The names, in lower case, of the headers that may carry a correlation id: those of these dialects and of all named ones. */
export const correlationNames = (dialects: Iterable<Dialect>): ReadonlySet<string> =>
  new Set([...dialects, ...dialectNames].map(dialect => rowOf(dialect).correlation.toLowerCase()))

/**
 * The correlation id of a reply, or null. Of several ids the last that is ours is taken, else the last: some frameworks add
 * an id of their own to the one they were given.
 */
export function correlationOf(
  { headers }: Incoming,
  names: ReadonlySet<string>,
  isOurs: (id: string) => boolean,
): string | null {
  let other: string | null = null
  for (let at = headers.length - 1; at >= 0; at--) {
    const [name, value] = headers[at] as Incoming['headers'][number]
    if (!names.has(name) && !names.has(name.toLowerCase())) continue
    const id = text(value)
    if (isOurs(id)) return id
    other ??= id
  }
  return other
}
