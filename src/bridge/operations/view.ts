import type { Incoming } from '../broker.ts'
import { Entry } from './entry.ts'
import type { Operation } from './entry.ts'
import { read } from './event.ts'
import type { Accepted, Called, Ending, Event, Recalled } from './event.ts'
import type { Overflow } from './overflow.ts'
import { Interned } from './stored.ts'

/** How many operations are kept in memory, and of how many bytes; those beyond it that have ended go to `overflow`. */
export type Room = Readonly<{
  entries: number
  bytes: number
  overflow: ((interned: Interned) => Overflow) | null
}>

const dueAtOnce = 1_000

/**
 * All operations as the log tells them: a function of its records in their order, and of nothing else, so that every instance
 * says the same. The first end of an operation stands; of those that claim one key the first holds it, until it has expired or
 * is forgotten.
 */
export class View implements Disposable {
  readonly #all = new Map<string, Entry>()
  readonly #ended = new Set<string>() // of those in memory, the first to have ended first
  readonly #byClient = new Map<string, Set<string>>()
  readonly #holders = new Map<string, string>() // of the scope of a key: who holds it
  readonly #untold = new Set<string>() // their callbacks were not told yet, or given up
  readonly #kept = new Map<string, Entry>() // their commands wait on our disk: the log does not tell of them yet
  readonly #unsent = new Set<string>() // of those: certainly not sent
  readonly #changed: (id: string) => void
  readonly #interned = new Interned()
  readonly #room: Room
  readonly #overflow: Overflow | null
  #bytes = 0
  #pending = 0
  #seq = 0

  /** `changed` is told after each event that counted. */
  constructor(changed: (id: string) => void = () => {}, room: Room = endless) {
    this.#changed = changed
    this.#room = room
    this.#overflow = room.overflow?.(this.#interned) ?? null
  }

  get size(): number {
    return this.#all.size + (this.#overflow?.size ?? 0)
  }

  get pending(): number {
    return this.#pending
  }

  /** In memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether no more can be kept. */
  get full(): boolean {
    const { entries, bytes } = this.#room
    return this.#all.size >= entries || this.#bytes >= bytes
  }

  /** Which share is taken of what may be kept. Those that have ended give way to the others where there is a file for them. */
  get used(): number {
    const { entries, bytes } = this.#room
    if (this.#overflow !== null && this.#ended.size > 0) return this.#pending / entries
    return Math.max(this.#all.size / entries, this.#bytes / bytes)
  }

  get(id: string): Operation | null {
    return this.entry(id)?.open() ?? null
  }

  /** As it is kept: for what needs not all of it. */
  entry(id: string): Entry | null {
    return this.#read(id) ?? this.#kept.get(id) ?? null
  }

  #read(id: string): Entry | null {
    return this.#all.get(id) ?? this.#overflow?.entry(id) ?? null
  }

  /** Whether the log tells of it. */
  has(id: string): boolean {
    return this.#read(id) !== null
  }

  /** Shows an operation whose command waits on our disk, until the log tells of it. `isUnsent`: until `begin` it is certainly not sent. */
  keep(id: string, accepted: Accepted, partition: number, isUnsent: boolean): void {
    if (this.entry(id) !== null) return
    this.#kept.set(id, new Entry(id, accepted, { partition, offset: 0, seq: ++this.#seq }, this.#interned))
    if (isUnsent) this.#unsent.add(id)
  }

  /** Its command is about to be sent. */
  begin(id: string): void {
    this.#unsent.delete(id)
  }

  /** Ends what waits on our disk and was not sent in its time. */
  expire(now: number): void {
    for (const id of this.#unsent) {
      const entry = this.#kept.get(id)
      if (entry === undefined || entry.expires > now) continue
      this.#unsent.delete(id)
      entry.end({ kind: 'expired', at: entry.expires, outcome: 'not-sent' }, id, 0, this.#interned)
      this.#changed(id)
    }
  }

  /** The operation that holds the key with this scope. */
  holder(scope: string): Entry | null {
    const id = this.#holders.get(scope)
    return id === undefined ? (this.#overflow?.holder(scope) ?? null) : this.entry(id)
  }

  /** Those whose callbacks were not told yet, or were given up: the first to have ended first. */
  untold(limit: number): readonly Operation[] {
    const found: Operation[] = []
    for (const id of this.#untold) {
      const operation = this.get(id)
      if (found.length >= limit) break
      if (operation !== null) found.push(operation)
    }
    return found
  }

  /** Those that time changes by now, and maybe others: ask each when it is due. */
  *due(now: number): Iterable<Entry> {
    yield* this.#all.values()
    yield* this.#overflow?.due(now, dueAtOnce) ?? []
  }

  /** The processes that have not ended. */
  *running(): Iterable<Entry> {
    for (const entry of this.#all.values()) if (entry.run !== null && !entry.ended) yield entry
  }

  /** Of one client, the latest first, at most `limit`, older than `after` if that is one of them. */
  of(client: string, limit: number, after: string | null): readonly Operation[] {
    const before = (after === null ? null : this.entry(after))?.seq ?? Infinity
    const inMemory = [...(this.#byClient.get(client) ?? [])].toReversed().flatMap(id => this.#all.get(id) ?? [])
    const newest = inMemory.filter(({ seq }) => seq < before).slice(0, limit)
    const others = this.#overflow?.of(client, Math.min(before, this.#seq + 1), limit) ?? []
    const waiting = [...this.#kept.values()].filter(entry => entry.client === client && entry.seq < before)
    const page = [...newest, ...others, ...waiting].sort((a, b) => b.seq - a.seq).slice(0, limit)
    return page.map(entry => entry.open())
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
    if (this.#read(id) !== null) return
    this.#kept.delete(id)
    this.#unsent.delete(id)
    const scope = event.holds?.scope
    if (scope !== undefined) {
      if (this.holder(scope) !== null) return // somebody was first
      this.#holders.set(scope, id)
    }
    const entry = new Entry(id, event, { partition, offset: Number(offset), seq: ++this.#seq }, this.#interned)
    this.#all.set(id, entry)
    this.#bytes += entry.bytes
    this.#pending++
    const own = this.#byClient.get(entry.client)
    if (own === undefined) this.#byClient.set(entry.client, new Set([id]))
    else own.add(id)
    this.#changed(id)
    this.#spill()
  }

  #happen(id: string, key: string, event: Exclude<Event, Accepted>, offset: number): void {
    const entry = this.#read(id)
    if (entry === null) return
    if (event.kind === 'step') {
      const { bytes } = entry
      if (!entry.step(event, key, offset)) return
      this.#bytes += entry.bytes - bytes
    } else if (event.kind === 'called' || event.kind === 'recalled') this.#call(entry, key, event, offset)
    else if (event.kind !== 'progress') this.#end(entry, key, event, offset)
    else if (entry.ended) return
    else entry.progress(event, key, offset)
    this.#changed(id)
    this.#spill()
  }

  #end(entry: Entry, key: string, event: Ending, offset: number): void {
    const { id, ended, bytes } = entry
    entry.end(event, key, offset, this.#interned)
    if (entry.isUntold) this.#untold.add(id)
    if (!this.#all.has(id)) return this.#overflow?.put(entry, this.#scopeHeldBy(entry))
    this.#bytes += entry.bytes - bytes
    if (ended) return
    this.#pending--
    this.#ended.add(id)
    // nobody knows what became of the command, and nobody ever will: whoever comes with the key again begins anew
    if (event.kind === 'expired') this.#release(entry)
  }

  #call(entry: Entry, key: string, event: Called | Recalled, offset: number): void {
    entry.call(event, key, offset)
    if (entry.isUntold) this.#untold.add(entry.id)
    else this.#untold.delete(entry.id)
    if (!this.#all.has(entry.id)) this.#overflow?.put(entry, this.#scopeHeldBy(entry))
  }

  #forget(id: string, key: string): void {
    if (key !== id) return
    this.#untold.delete(id)
    const entry = this.#all.get(id)
    if (entry === undefined) this.#overflow?.delete(id)
    else {
      this.#release(entry)
      this.#drop(entry)
      if (!entry.ended) this.#pending--
    }
    this.#changed(id)
  }

  #drop(entry: Entry): void {
    const { id, client, bytes } = entry
    this.#all.delete(id)
    this.#ended.delete(id)
    this.#bytes -= bytes
    const own = this.#byClient.get(client)
    own?.delete(id)
    if (own?.size === 0) this.#byClient.delete(client)
  }

  #release({ id, scope }: Entry): void {
    if (scope !== null && this.#holders.get(scope) === id) this.#holders.delete(scope)
  }

  #scopeHeldBy({ id, scope }: Entry): string | null {
    return scope !== null && this.holder(scope)?.id === id ? scope : null
  }

  /** Makes room for those that have not ended; some at once, as finding the first of a set passes all that were before it. */
  #spill(): void {
    if (this.#overflow === null || !this.full) return
    let left = Math.ceil(this.#all.size / 100)
    for (const id of this.#ended) {
      const entry = this.#all.get(id)
      if (entry === undefined || left-- === 0) return
      this.#overflow.put(entry, this.#scopeHeldBy(entry))
      this.#release(entry)
      this.#drop(entry)
    }
  }

  [Symbol.dispose](): void {
    this.#overflow?.[Symbol.dispose]()
  }
}

const endless: Room = { entries: Infinity, bytes: Infinity, overflow: null }
