import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Call, Pair, Reply } from '../call.ts'
import { now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { stillServes, termsOf } from './freshness.ts'
import type { Terms } from './freshness.ts'

/** `passed` are the request headers that the worker is told: nothing else can have made its reply what it is. */
export type StaleOptions = Readonly<{ maxAgeMs: number; entries: number; bytes: number; passed: readonly string[] }>
/** A reply of before, and how old it is. */
export type Found = Readonly<{ reply: Reply; ageMs: number }>
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
    const terms = termsOf(reply)
    for (const name of terms?.vary ?? []) if (this.#passed.has(name)) this.#varied.add(name)
    const keys = this.#keys(call)
    const key = terms === null ? null : keys[terms.everybody ? 2 : terms.vary === null ? 0 : 1]
    for (const other of keys) if (other !== key) this.#cache.delete(other)
    if (key !== null && terms !== null) this.#cache.set(key, { reply: frugal(reply), terms, keptAt: now() })
  }

  /** The latest reply that may still be served, or null. */
  find(call: Call): Found | null {
    let latest: Entry | undefined
    for (const key of this.#keys(call)) {
      const entry = this.#cache.get(key)
      if (entry !== undefined && (latest === undefined || entry.keptAt > latest.keptAt)) latest = entry
    }
    if (latest === undefined) return null
    const keptMs = since(latest.keptAt)
    const ageMs = latest.terms.ageMs + keptMs
    return keptMs <= this.#maxAgeMs && stillServes(latest.terms, ageMs) ? { reply: latest.reply, ageMs } : null
  }

  /** For this client with all its headers, for this client with those that matter, for everybody with those that matter. */
  #keys({ told, body, client }: Call): readonly [string, string, string] {
    const { method, path, query, contentType, headers } = told
    const asked = `${method} ${path}?${query}${body.length === 0 ? '' : `\n${contentType} ${hash('sha256', body)}`}`
    let all = `a ${client} ${asked}`
    let mine = `m ${client} ${asked}`
    let everybody = `e ${asked}`
    for (const [name, value] of headers) {
      const line = `\n${name}:${value}`
      all += line
      const varied = this.#varied.has(name)
      if (varied || credentials.includes(name)) mine += line
      if (varied) everybody += line
    }
    return [all, mine, everybody]
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
