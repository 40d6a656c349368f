import type { Incoming } from '../broker.ts'
import { dialectNames, rowOf } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import { text } from './text.ts'

/** What the header that a reply is matched by may be called, in lower case: in these dialects, and in all that have a name. */
export const correlationNames = (dialects: Iterable<Dialect>): ReadonlySet<string> =>
  new Set([...dialects, ...dialectNames].map(dialect => rowOf(dialect).correlation.toLowerCase()))

/**
 * The id that a reply is matched by; null when it carries none. Where it carries several, the last that is ours, else the
 * last: a worker may write an id of its own framework beside the one that it was given.
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
