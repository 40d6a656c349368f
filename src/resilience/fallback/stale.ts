import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Call, Pair, Reply } from '../../call.ts'
import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { TermsReader, stillServes } from './freshness.ts'
import type { Terms } from './freshness.ts'

/** `passed` are the request headers that the worker is told: nothing else can have made its reply what it is. */
export type StaleOptions = Readonly<{ maxAgeMs: number; entries: number; bytes: number; passed: readonly string[] }>
/** A reply of before, and how old it is. */
export type Found = Readonly<{ reply: Reply; ageMs: number }>
/** For this client with all its headers, for this client with those that matter, for everybody with those that matter. */
type Scope = 'all' | 'mine' | 'everybody'
type Entry = Readonly<{ reply: Reply; terms: Terms; keptAt: Instant }>

/** Whoever is told these answers for one person, whatever the reply says of itself. */
const credentials: readonly string[] = ['authorization', 'cookie']
/** Not for the next one: they belong to the client that they were for, or to the moment. */
const dropped: ReadonlySet<string> = new Set(['set-cookie', 'age', 'date', 'cache-status'])
/** Map, list and object around an entry, about. */
const entryBytes = 512

/**
 * The latest replies to the queries of one route, to be served when the worker fails. A reply is for the client that asked,
 * and for the same headers told to the worker: all of them, or those that its `Vary` names. With `Cache-Control: public` it is
 * for everybody. Bounded in number and bytes: the least recently used goes first.
 */
export class StaleReplies {
  readonly #maxAgeMs: number
  readonly #passed: ReadonlySet<string>
  readonly #cache: LRUCache<string, Entry>
  /** Headers that some reply depended on: all later keys hold them. */
  readonly #varied = new Set<string>()
  /** In which there ever was a reply: mostly one, so that nobody looks into the others. */
  readonly #scopes = new Set<Scope>()
  readonly #terms = new TermsReader()

  constructor({ maxAgeMs, entries, bytes, passed }: StaleOptions) {
    this.#maxAgeMs = maxAgeMs
    this.#passed = new Set(passed)
    this.#cache = new LRUCache({ max: entries, maxSize: bytes, sizeCalculation: sizeOf })
  }

  get size(): number {
    return this.#cache.size
  }

  get bytes(): number {
    return this.#cache.calculatedSize
  }

  /** Keeps what may be kept. What may not takes the place of what was kept before: it is no longer what the worker says. */
  keep(call: Call, reply: Reply): void {
    const terms = this.#terms.of(reply)
    for (const name of terms?.vary ?? []) if (this.#passed.has(name)) this.#varied.add(name)
    const scope = terms === null ? null : terms.everybody ? 'everybody' : terms.vary === null ? 'all' : 'mine'
    for (const other of this.#scopes) if (other !== scope) this.#cache.delete(this.#key(call, other))
    if (scope === null || terms === null) return
    this.#scopes.add(scope)
    this.#cache.set(this.#key(call, scope), { reply: frugal(reply), terms, keptAt: now() })
  }

  /** The latest reply that may still be served, or null. */
  find(call: Call): Found | null {
    if (call.awaits !== undefined) return null // it may show less than its client has seen
    let latest: Entry | undefined
    for (const scope of this.#scopes) {
      const entry = this.#cache.get(this.#key(call, scope))
      if (entry !== undefined && (latest === undefined || entry.keptAt > latest.keptAt)) latest = entry
    }
    if (latest === undefined) return null
    const keptMs = since(latest.keptAt)
    const ageMs = latest.terms.ageMs + keptMs
    return keptMs <= this.#maxAgeMs && stillServes(latest.terms, ageMs) ? { reply: latest.reply, ageMs } : null
  }

  #key({ told, body, client }: Call, scope: Scope): string {
    const { method, path, query, contentType, headers } = told
    let key = `${scope === 'everybody' ? '' : client} ${scope} ${method} ${path}?${query}`
    if (body.length > 0) key += `\n${contentType} ${hash('sha256', body)}`
    for (const [name, value] of headers)
      if (scope === 'all' || this.#varied.has(name) || (scope === 'mine' && credentials.includes(name)))
        key += `\n${name}:${value}`
    return key
  }
}

const sizeOf = ({ reply }: Entry, key: string): number =>
  entryBytes + key.length + reply.body.buffer.byteLength + reply.headers.reduce(lengthOf, 0)
const lengthOf = (sum: number, [name, value]: Pair): number => sum + name.length + value.length

/** A reply that keeps alive no more than itself: most bodies are small views of the batch that they came in. */
function frugal({ status, headers, body }: Reply): Reply {
  const own = body.byteLength * 2 < body.buffer.byteLength ? new Uint8Array(body) : body
  return { status, headers: headers.filter(([name]) => !dropped.has(name)), body: own }
}
