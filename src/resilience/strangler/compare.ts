import type { Pair, Reply } from '../../call.ts'

/** Where two answers differ: `status`, `header <name>`, a JSON pointer, or `body`. */
export type Difference = string
/** What is not compared: `header.<name>`, or a JSON pointer, in which `*` stands for any name or index. */
export type Ignored = readonly string[]

const mostDifferences = 20
const deepest = 32

/** Makes the function that says where two answers differ, at most 20 places; empty when they are the same. */
export function comparison(
  ignored: Ignored,
  headers: readonly string[],
): (a: Reply, b: Reply) => readonly Difference[] {
  const isIgnored = patterns(ignored.filter(entry => entry.startsWith('/')))
  const compared = ['content-type', ...headers].filter(name => !ignored.includes(`header.${name}`))
  return (a, b) => {
    const found: Difference[] = []
    if (a.status !== b.status) found.push('status')
    for (const name of compared)
      if (valuesOf(a.headers, name) !== valuesOf(b.headers, name)) found.push(`header ${name}`)
    const [one, other] = [jsonOf(a), jsonOf(b)]
    if (one === undefined || other === undefined) {
      if (!Buffer.from(a.body).equals(b.body)) found.push('body')
    } else differ(one.value, other.value, '', isIgnored, found, 0)
    return found.slice(0, mostDifferences)
  }
}

const valuesOf = (headers: readonly Pair[], name: string): string =>
  headers
    .filter(([other]) => other === name)
    .map(([, value]) => (name === 'content-type' ? value.toLowerCase().replace(/; *charset="?utf-8"?$/, '') : value))
    .join(', ')

function jsonOf({ headers, body }: Reply): Readonly<{ value: unknown }> | undefined {
  if (!/[/+]json\b/.test(valuesOf(headers, 'content-type'))) return undefined
  try {
    return { value: JSON.parse(Buffer.from(body).toString()) as unknown }
  } catch {
    return undefined
  }
}

type IsIgnored = (pointer: string) => boolean

function patterns(pointers: readonly string[]): IsIgnored {
  if (pointers.length === 0) return () => false
  const sources = pointers.map(pointer =>
    pointer
      .split('/')
      .map(part => (part === '*' ? '[^/]*' : RegExp.escape(part)))
      .join('/'),
  )
  const pattern = new RegExp(`^(${sources.join('|')})(/|$)`)
  return pointer => pattern.test(pointer)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

function differ(a: unknown, b: unknown, at: string, ignored: IsIgnored, found: string[], depth: number): void {
  if (found.length >= mostDifferences || ignored(at) || a === b) return
  const bothLists = Array.isArray(a) && Array.isArray(b)
  if (depth >= deepest || !(bothLists || (isObject(a) && isObject(b)))) {
    found.push(at === '' ? '/' : at)
    return
  }
  const [one, other] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>]
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)]))
    differ(one[name], other[name], `${at}/${escaped(name)}`, ignored, found, depth + 1)
}
