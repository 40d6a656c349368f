import { now, since, wallClock } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { events } from '../events.ts'
import type { Incoming } from './broker.ts'

/** Clocks that differ by less are no trouble: expiry allows for as much. */
const toleratedMs = 1_000
/** Members of a worker may have different clocks: a difference is remembered for so long after it was last seen. */
const rememberedMs = 60_000

type Skew = Readonly<{ ms: number; at: Instant }>

/**
 * Which workers' clocks differ from ours. A reply was written after its command was acknowledged and before it arrived: a
 * timestamp outside of that is of another clock. Replies that bear the broker's time say nothing of the worker's.
 */
export class Skews {
  readonly #skews = new Map<string, Skew>() // by worker: the configuration bounds it

  /** Takes a reply; `sentAt` is when its command was acknowledged. */
  see(
    worker: string,
    { timestamp, brokersTime }: Pick<Incoming, 'timestamp' | 'brokersTime'>,
    sentAt: Instant | null,
  ): void {
    if (brokersTime === true) return
    const at = wallClock()
    const ahead = timestamp - at
    const behind = sentAt === null ? 0 : at - since(sentAt) - timestamp
    if (ahead <= toleratedMs && behind <= toleratedMs) return this.#settle(worker)
    const ms = Math.round(ahead > toleratedMs ? ahead : -behind)
    const known = this.#skews.has(worker)
    this.#skews.set(worker, { ms, at: now() })
    if (events.skew.hasSubscribers) events.skew.publish({ worker, ms })
    if (!known && events.warning.hasSubscribers)
      events.warning.publish({ what: sentence(worker, ms), cause: undefined })
  }

  /** A sentence for each clock that differs. */
  get notices(): readonly string[] {
    for (const worker of this.#skews.keys()) this.#settle(worker)
    return Array.from(this.#skews, ([worker, { ms }]) => sentence(worker, ms))
  }

  /** The sentence for the clock of one worker; null where it does not differ, as far as is known. */
  of(worker: string): string | null {
    this.#settle(worker)
    const skew = this.#skews.get(worker)
    return skew === undefined ? null : sentence(worker, skew.ms)
  }

  #settle(worker: string): void {
    const skew = this.#skews.get(worker)
    if (skew === undefined || since(skew.at) < rememberedMs) return
    this.#skews.delete(worker)
    if (events.skew.hasSubscribers) events.skew.publish({ worker, ms: 0 })
  }
}

const sentence = (worker: string, ms: number): string =>
  `The clock of the worker ${worker} is at least ${(Math.abs(ms) / 1_000).toFixed(1)} s ${ms > 0 ? 'ahead of' : 'behind'} ours: ${ms > 0 ? 'commands may expire there before they are begun' : 'commands that have expired may still be done there'}. Look at the time service of both machines.`
