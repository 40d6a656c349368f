import type { Incoming } from '../broker.ts'
import { read } from './event.ts'
import type { Accepted, Ending, Event, Progress } from './event.ts'
import { Interned, StoredReply } from './stored.ts'

/** How an operation ended, as it is kept. */
export type Ended =
  | Exclude<Ending, { kind: 'completed' }>
  | Readonly<{ kind: 'completed'; reply: StoredReply; at: number }>

/** What an operation adds up to. */
export type Operation = Readonly<{
  id: string
  accepted: Accepted
  partition: number // of the log: all its events are there
  begun: number // the offset of `accepted`
  progress: Readonly<{ said: Progress; offset: number }> | null
  ending: Readonly<{ said: Ended; offset: number }> | null
  keys: readonly string[] // of its records
  bytes: number
}>

/** The offset of its latest event: with the id it names one state of it. */
export const versionOf = ({ begun, progress, ending }: Operation): number =>
  Math.max(begun, progress?.offset ?? 0, ending?.offset ?? 0)

const entryBytes = 1_024

/**
 * All operations as the log tells them: a function of its records in their order, and of nothing else, so that every instance
 * says the same. The first end of an operation stands; of those that claim one key the first holds it, until it has expired or
 * is forgotten.
 */
export class View {
  readonly #all = new Map<string, Operation>()
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
    return this.#all.get(id) ?? null
  }

  /** Who holds the key with this scope. */
  holder(scope: string): Operation | null {
    return this.get(this.#holders.get(scope) ?? '')
  }

  all(): Iterable<Operation> {
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
    else this.#happen(id, key, event, record)
  }

  #happen(id: string, key: string, event: Event, { partition, offset }: Incoming): void {
    const known = this.#all.get(id)
    const at = Number(offset)
    if (event.kind === 'accepted') {
      if (known === undefined) this.#accept(id, event, partition, at)
    } else if (known === undefined) return
    else if (event.kind === 'progress') {
      if (known.ending !== null) return
      const keys = known.keys.includes(key) ? known.keys : [...known.keys, key]
      this.#put({ ...known, keys, progress: { said: event, offset: at } })
    } else this.#end(known, key, event, at)
    this.#changed(id)
  }

  #accept(id: string, event: Accepted, partition: number, begun: number): void {
    const scope = event.holds?.scope
    if (scope !== undefined) {
      if (this.holder(scope) !== null) return // somebody was first
      this.#holders.set(scope, id)
    }
    this.#pending++
    const own = this.#byClient.get(event.client)
    if (own === undefined) this.#byClient.set(event.client, new Set([id]))
    else own.add(id)
    const { client, route, worker, by, target } = event
    const interned = this.#interned
    const accepted = {
      ...event,
      client: interned.of(client),
      route: interned.of(route),
      worker: interned.of(worker),
      by: interned.of(by),
      target: { ...target, topic: interned.of(target.topic) },
    }
    this.#put({ id, accepted, partition, begun, progress: null, ending: null, keys: [id], bytes: entryBytes })
  }

  /** What comes after the end changes nothing, but its record has to go in the end, too. */
  #end(known: Operation, key: string, event: Ending, offset: number): void {
    const keys = [...known.keys, key]
    if (known.ending !== null) return this.#put({ ...known, keys })
    this.#pending--
    // nobody knows what became of the command, and nobody ever will: whoever comes with the key again begins anew
    if (event.kind === 'expired') this.#release(known)
    const said = this.#kept(event)
    const bytes = entryBytes + (said.kind === 'completed' ? said.reply.bytes : 0)
    this.#put({ ...known, keys, bytes, ending: { said, offset } })
  }

  #kept(event: Ending): Ended {
    if (event.kind !== 'completed') return event
    const { kind, reply, at } = event
    return { kind, reply: new StoredReply(reply, this.#interned), at }
  }

  #forget(id: string, key: string): void {
    const known = this.#all.get(id)
    if (known === undefined || key !== id) return
    this.#release(known)
    this.#all.delete(id)
    this.#bytes -= known.bytes
    if (known.ending === null) this.#pending--
    const own = this.#byClient.get(known.accepted.client)
    own?.delete(id)
    if (own?.size === 0) this.#byClient.delete(known.accepted.client)
    this.#changed(id)
  }

  #release({ id, accepted }: Operation): void {
    const scope = accepted.holds?.scope
    if (scope !== undefined && this.#holders.get(scope) === id) this.#holders.delete(scope)
  }

  #put(operation: Operation): void {
    this.#bytes += operation.bytes - (this.#all.get(operation.id)?.bytes ?? 0)
    this.#all.set(operation.id, operation)
  }
}
