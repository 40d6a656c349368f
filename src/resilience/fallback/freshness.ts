import type { Reply } from '../../call.ts'

/** What a reply allows a cache that many clients share (RFC 9111), also when its worker fails (RFC 5861). */
export type Terms = Readonly<{
  everybody: boolean // `public`: whoever asks may get it
  freshMs: number // so old it is still good
  failingMs: number // so much older it may be served while the worker fails
  ageMs: number // as it came
  vary: readonly string[] | null // the request headers that it depends on; null when it does not say
}>

/** The statuses that are kept: they are about what there is, and not about one request. */
const kept: ReadonlySet<number> = new Set([200, 203, 404])
/** Must not be kept, or not served without asking, which is what fails. `private` is for a browser's own cache. */
const forbidding = ['no-store', 'no-cache', 'private'] as const
/** A second too many has been good for ever already: RFC 9111, 1.2.2. */
const longestSeconds = 2_147_483_648

/** What a reader remembers: so many, and no longer ones. */
const mostTexts = 256
const longestText = 1_024

/** Reads the terms of many replies: most of a route's say the same, which is read once. */
export class TermsReader {
  readonly #known = new Map<string, Terms | null>()

  of(reply: Reply): Terms | null {
    if (!kept.has(reply.status)) return null
    let said = ''
    for (const [name, value] of reply.headers)
      if (name === 'cache-control' || name === 'vary' || name === 'age') said += `${name}:${value}\n`
    let terms = this.#known.get(said)
    if (terms !== undefined) return terms
    terms = termsOf(reply)
    if (this.#known.size >= mostTexts) this.#known.clear()
    if (said.length <= longestText) this.#known.set(said, terms)
    return terms
  }
}

/** The terms of a reply; null when it must not be kept. */
export function termsOf(reply: Reply): Terms | null {
  if (!kept.has(reply.status)) return null
  const control = directivesOf(joined(reply, 'cache-control') ?? '')
  if (forbidding.some(name => control.has(name))) return null
  const vary = joined(reply, 'vary')
    ?.split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '')
  if (vary?.includes('*') === true) return null
  const strict = control.has('must-revalidate') || control.has('proxy-revalidate') || control.has('s-maxage')
  const fresh = control.has('s-maxage') ? control.get('s-maxage') : control.get('max-age')
  const failing = control.get('stale-if-error')
  return {
    everybody: control.has('public'),
    freshMs: 1_000 * secondsOf(fresh ?? ''),
    failingMs: strict ? 0 : failing === undefined ? Infinity : 1_000 * secondsOf(failing),
    ageMs: 1_000 * secondsOf(joined(reply, 'age') ?? ''),
    vary: vary ?? null,
  }
}

/** Whether a reply of that age may stand for a worker that fails. */
export const stillServes = ({ freshMs, failingMs }: Terms, ageMs: number): boolean => ageMs <= freshMs + failingMs

function joined({ headers }: Reply, name: string): string | undefined {
  let all: string | undefined
  for (const [other, value] of headers) if (other === name) all = all === undefined ? value : `${all},${value}`
  return all
}

/** The directives of a Cache-Control header, their names in lower case; of one that comes twice, the shorter time. */
function directivesOf(header: string): ReadonlyMap<string, string> {
  const all = new Map<string, string>()
  let from = 0
  let quoted = false
  for (let at = 0; at <= header.length; at++) {
    const char = header[at]
    if (quoted && char === '\\') at++
    else if (char === '"') quoted = !quoted
    else if (char === undefined || (char === ',' && !quoted)) {
      add(all, header.slice(from, at))
      from = at + 1
    }
  }
  return all
}

function add(all: Map<string, string>, directive: string): void {
  const equals = directive.indexOf('=')
  const name = (equals === -1 ? directive : directive.slice(0, equals)).trim().toLowerCase()
  if (name === '') return
  const value = equals === -1 ? '' : directive.slice(equals + 1).trim()
  const before = all.get(name)
  if (before === undefined || secondsOf(value) < secondsOf(before)) all.set(name, value)
}

/** What is no number of seconds is none: rather too old than too fresh. */
function secondsOf(text: string): number {
  const bare = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
  return /^\d{1,20}$/.test(bare) ? Math.min(longestSeconds, Number(bare)) : 0
}
