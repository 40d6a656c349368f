import type { DomainReplies, RouteOptions } from '../../../config/schema/index.ts'
import { now } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Broker, Header, Reading } from '../broker.ts'
import type { Waiter } from '../correlate.ts'
import type { Far } from '../faulty.ts'
import { Matching } from './matching.ts'
import type { Outcomes } from './matching.ts'
import { seeing } from './seen.ts'

/** The domain events that routes take for replies: one reader for each topic, and every instance reads all of it. */
export class DomainEvents implements AsyncDisposable {
  readonly #broker: Broker
  readonly #matchings = new Map<string, Matching>() // of routes that tell events apart in the same way
  readonly #byTopic = new Map<string, Set<Matching>>()
  readonly #replies = new Map<string, Far['replies']>() // by route
  readonly #readings = new Map<string, Reading>()
  #sickAt: Instant | null = null // seen last
  #closed = false

  constructor(routes: Readonly<Record<string, RouteOptions>>, broker: Broker) {
    this.#broker = broker
    for (const [name, { replies }] of Object.entries(routes))
      if (replies !== undefined) this.#replies.set(name, this.#matchingOf(replies).repliesOf(outcomesOf(replies)))
  }

  /** Where the calls of a route wait. */
  repliesOf(route: string): Far['replies'] {
    const replies = this.#replies.get(route)
    if (replies === undefined) throw new Error(`routes.${route} is answered by no domain events.`)
    return replies
  }

  /** Resolves once positioned at the end of every topic: no event acknowledged from then on is missed. It may be called again. */
  async open(): Promise<void> {
    for (const [topic, matchings] of this.#byTopic) {
      if (this.#readings.has(topic)) continue
      const reading = await this.#broker.subscribe(
        { topic, partitions: 'all', from: 'end', lost: 'earliest' },
        record => {
          for (const matching of matchings) matching.take(record)
        },
      )
      if (this.#closed) await reading[Symbol.asyncDispose]()
      else this.#readings.set(topic, reading)
    }
  }

  /** Why no event can be read, or null. */
  readonly readable = (): Problem | null => {
    if (this.#isHealthy()) return null
    return new Problem('not-ready', 'Domain events cannot be read at present.', { retryAfterMs: 1_000 })
  }

  /** Whether events may have been missing since then: silence since then says nothing of any worker. */
  sickSince(instant: Instant): boolean {
    return !this.#isHealthy() || (this.#sickAt !== null && this.#sickAt >= instant)
  }

  /** The calls that wait for an event, in no order. */
  *waiters(): Generator<Waiter> {
    for (const matching of this.#matchings.values()) yield* matching.waiters()
  }

  /** Ends every wait. */
  abandon(): void {
    const problem = new Problem('reply-timeout', 'The gateway stopped before the event came.')
    for (const matching of this.#matchings.values()) matching.abandon(problem)
  }

  #isHealthy(): boolean {
    const isHealthy = [...this.#byTopic.keys()].every(topic => this.#readings.get(topic)?.healthy === true)
    if (!isHealthy) this.#sickAt = now()
    return isHealthy
  }

  #matchingOf(options: DomainReplies): Matching {
    const { topic, equals, windowMs, match, type, format } = options
    const name = JSON.stringify([topic, match, type, format, equals])
    const matching = this.#matchings.get(name) ?? new Matching({ topic, equals, windowMs, see: seeing(options) })
    this.#matchings.set(name, matching)
    this.#byTopic.set(topic, (this.#byTopic.get(topic) ?? new Set()).add(matching))
    return matching
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#readings.values()].map(reading => reading[Symbol.asyncDispose]()))
  }
}

const outcomesOf = ({ outcomes }: DomainReplies): Outcomes =>
  new Map(
    Object.entries(outcomes).map(([type, status]): [string, Header] => [
      type,
      ['sluice-status', Buffer.from(String(status))],
    ]),
  )
