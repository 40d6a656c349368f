import type { Call } from '../../call.ts'
import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { DomainEventClass } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Header, Incoming } from '../broker.ts'
import type { Waiter } from '../correlate.ts'
import { textOf } from '../feeds/content.ts'
import type { Replies } from '../request.ts'
import { Register } from '../register.ts'
import type { Entry } from '../register.ts'
import { hashOf } from './hash.ts'
import { Latest } from './latest.ts'
import type { Seen } from './seen.ts'

/** The status that a call is answered with, by the type of the event, as a header of a reply. */
export type Outcomes = ReadonlyMap<string, Header>

/** A call that waits, found by the hash of its key; `order` grows. In a register, as it comes and goes with every request: 0016. */
class Waiting implements Entry<Waiting> {
  readonly sequence: number
  readonly order: number
  readonly waiter: Waiter
  readonly outcomes: Outcomes
  behind: Waiting | null = null

  constructor(waiter: Waiter, outcomes: Outcomes, order: number) {
    this.sequence = hashOf(waiter.id)
    this.order = order
    this.waiter = waiter
    this.outcomes = outcomes
  }
}

type Early = Readonly<{ event: Seen; at: Instant }>
export type MatchingOptions = Readonly<{
  topic: string
  equals: 'key' | 'id'
  windowMs: number // how long an event that nobody waits for is kept for a command yet to come
  see: (record: Incoming) => Seen
}>

const mostKept = 10_000
const mostOfKey = 16
const mostRemembered = 16_384

/**
 * Joins domain events to the calls that wait for them, by a key that both have. Of several calls with one key the event answers
 * the one that waits longest of those that its type is an outcome of: commands of a key are served in their order, and so are
 * their events.
 */
export class Matching {
  readonly #options: MatchingOptions
  readonly #waiting = new Register<Waiting>()
  #entered = 0
  readonly #types = new Set<string>()
  readonly #early = new Map<string, Early[]>() // by key
  readonly #answered = new Latest(mostRemembered) // ids of events: a log may tell one twice

  constructor(options: MatchingOptions) {
    this.#options = options
  }

  /** What a route waits in; `outcomes` are those of its calls. */
  repliesOf(outcomes: Outcomes): Replies & { settle: (id: string | null, record: Incoming) => 'duplicate' } {
    for (const type of outcomes.keys()) this.#types.add(type)
    return {
      expect: (waiter, call) => {
        waiter.id = this.#keyOf(call)
        this.#enter(waiter, outcomes)
      },
      renew: waiter => this.#enter(waiter, outcomes),
      forget: waiter => this.#leave(waiter),
      sent: waiter => this.#sent(waiter, outcomes),
      settle: () => 'duplicate', // an event that a fault has doubled finds its call answered
    }
  }

  take(record: Incoming): void {
    const event = this.#options.see(record)
    this.#tell(this.#join(event))
  }

  /** The calls that wait, in no order. */
  *waiters(): Generator<Waiter> {
    for (const { waiter } of this.#waiting.all()) yield waiter
  }

  /** Ends every wait. */
  abandon(problem: Problem): void {
    for (const { waiter } of this.#waiting.clear()) waiter.abandon(problem)
  }

  #join(event: Seen): DomainEventClass {
    const { key, type, id } = event
    if (key === null) return 'unmatched'
    if (type === null || !this.#types.has(type)) return 'ignored'
    if (id !== null && this.#answered.has(id)) return 'duplicate'
    const found = this.#longest(key, type)
    const status = found?.outcomes.get(type)
    if (found !== null && status !== undefined) {
      this.#answer(found.waiter, event, status)
      return 'answered'
    }
    if (this.#options.windowMs > 0) this.#keep(key, event)
    return 'nobody'
  }

  #answer(waiter: Waiter, { record, id }: Seen, status: Header): void {
    this.#leave(waiter)
    if (id !== null) this.#answered.add(id)
    if (events.reply.hasSubscribers) {
      const ms = waiter.sentAt === null ? 0 : since(waiter.sentAt)
      events.reply.publish({ class: 'answered', worker: waiter.worker, ms })
    }
    waiter.take({ ...record, headers: [...record.headers, status] })
  }

  /** The broker has the command: an event of a moment ago may be its answer. */
  #sent(waiter: Waiter, outcomes: Outcomes): void {
    const line = this.#early.get(waiter.id)
    if (line === undefined) return
    const fresh = line.filter(({ at }) => since(at) < this.#options.windowMs)
    const first = fresh.find(({ event }) => outcomes.has(event.type ?? ''))
    const rest = fresh.filter(early => early !== first)
    if (rest.length === 0) this.#early.delete(waiter.id)
    else this.#early.set(waiter.id, rest)
    const status = outcomes.get(first?.event.type ?? '')
    if (first === undefined || status === undefined) return
    this.#answer(waiter, first.event, status)
    this.#tell('early')
  }

  /** Of all keys at most so many, the oldest key goes first. */
  #keep(key: string, event: Seen): void {
    const { windowMs } = this.#options
    const line = (this.#early.get(key) ?? []).filter(({ at }) => since(at) < windowMs)
    line.push({ event, at: now() })
    this.#early.delete(key)
    this.#early.set(key, line.slice(-mostOfKey))
    for (const [oldest, events] of this.#early) {
      const isOver = events.every(({ at }) => since(at) >= windowMs)
      if (!isOver && this.#early.size <= mostKept) break
      this.#early.delete(oldest)
    }
  }

  /** Who waits longest with this key for an event of this type. */
  #longest(key: string, type: string): Waiting | null {
    const hash = hashOf(key)
    let found: Waiting | null = null
    for (let one = this.#waiting.get(hash); one !== null; one = one.behind)
      if (one.sequence === hash && one.waiter.id === key && one.outcomes.has(type))
        if (found === null || one.order < found.order) found = one
    return found
  }

  #enter(waiter: Waiter, outcomes: Outcomes): void {
    if (this.#entryOf(waiter) === null) this.#waiting.add(new Waiting(waiter, outcomes, this.#entered++))
  }

  #leave(waiter: Waiter): void {
    const entry = this.#entryOf(waiter)
    if (entry !== null) this.#waiting.delete(entry)
  }

  #entryOf(waiter: Waiter): Waiting | null {
    let entry = this.#waiting.get(hashOf(waiter.id))
    while (entry !== null && entry.waiter !== waiter) entry = entry.behind
    return entry
  }

  #keyOf({ command, key }: Call): string {
    if (this.#options.equals === 'id') return command
    if (key === null)
      throw new Problem('invalid-request', 'The request has no key, by which its answer would be known.')
    return textOf(key)
  }

  #tell(what: DomainEventClass): void {
    if (events.domainEvent.hasSubscribers) events.domainEvent.publish({ topic: this.#options.topic, class: what })
  }
}
