import type { Incoming } from '../broker.ts'
import { Entry } from './entry.ts'
import type { Operation } from './entry.ts'
import { read } from './event.ts'
import type { Accepted, Ending, Event } from './event.ts'
import { Interned } from './stored.ts'

/**
 * All operations as the log tells them: a function of its records in their order, and of nothing else, so that every instance
 * says the same. The first end of an operation stands; of those that claim one key the first holds it, until it has expired or
 * is forgotten.
 */
export class View {
  readonly #all = new Map<string, Entry>()
  readonly #byClient = new Map<string, Set<string>>()
  readonly #holders = new Map<string, string>() // of the scope of a key: who holds it
  readonly #changed: (id: string) => void
  readonly #interned = new Interned()
  #bytes = 0
  #pending = 0

  /** `changed` is told after each event that counted. */
  constructor(changed: (id: string) => void = () => {}) {
    this.#changed = changed
  }

  get size(): number {
    return this.#all.size
  }

  get pending(): number {
    return this.#pending
  }

  get bytes(): number {
    return this.#bytes
  }

  get(id: string): Operation | null {
    return this.#all.get(id)?.open() ?? null
  }

  /** As it is kept: for what needs not all of it. */
  entry(id: string): Entry | null {
    return this.#all.get(id) ?? null
  }

  /** The operation that holds the key with this scope. */
  holder(scope: string): Entry | null {
    return this.entry(this.#holders.get(scope) ?? '')
  }

  all(): Iterable<Entry> {
    return this.#all.values()
  }

  /** Of one client, the latest first, at most `limit`, older than `after` if that is one of them. */
  of(client: string, limit: number, after: string | null): readonly Operation[] {
    const ids = [...(this.#byClient.get(client) ?? [])].toReversed()
    const from = after === null ? 0 : ids.indexOf(after) + 1
    return ids.slice(from, from + limit).flatMap(id => this.get(id) ?? [])
  }

  apply(record: Incoming): void {
    const told = read(record)
    if (told === null) return
    const { id, key, event } = told
    if (event === 'forgotten') this.#forget(id, key)
    else if (event.kind === 'accepted') this.#accept(id, event, record)
    else this.#happen(id, key, event, Number(record.offset))
  }

  #accept(id: string, event: Accepted, { partition, offset }: Incoming): void {
    if (this.#all.has(id)) return
    const scope = event.holds?.scope
    if (scope !== undefined) {
      if (this.#holders.has(scope)) return // somebody was first
      this.#holders.set(scope, id)
    }
    const entry = new Entry(id, event, { partition, offset: Number(offset) }, this.#interned)
    this.#all.set(id, entry)
    this.#bytes += entry.bytes
    this.#pending++
    const own = this.#byClient.get(entry.client)
    if (own === undefined) this.#byClient.set(entry.client, new Set([id]))
    else own.add(id)
    this.#changed(id)
  }

  #happen(id: string, key: string, event: Exclude<Event, Accepted>, offset: number): void {
    const entry = this.#all.get(id)
    if (entry === undefined) return
    if (event.kind !== 'progress') this.#end(entry, key, event, offset)
    else if (entry.ended) return
    else entry.progress(event, key, offset)
    this.#changed(id)
  }

  #end(entry: Entry, key: string, event: Ending, offset: number): void {
    const { ended, bytes } = entry
    entry.end(event, key, offset, this.#interned)
    this.#bytes += entry.bytes - bytes
    if (ended) return
    this.#pending--
    // nobody knows what became of the command, and nobody ever will: whoever comes with the key again begins anew
    if (event.kind === 'expired') this.#release(entry)
  }

  #forget(id: string, key: string): void {
    const entry = this.#all.get(id)
    if (entry === undefined || key !== id) return
    this.#release(entry)
    this.#all.delete(id)
    this.#bytes -= entry.bytes
    if (!entry.ended) this.#pending--
    const own = this.#byClient.get(entry.client)
    own?.delete(id)
    if (own?.size === 0) this.#byClient.delete(entry.client)
    this.#changed(id)
  }

  #release({ id, scope }: Entry): void {
    if (scope !== null && this.#holders.get(scope) === id) this.#holders.delete(scope)
  }
}
