import { every, now, since, wallClock } from '../clock.ts'
import type { EpochMs, Instant } from '../clock.ts'
import type { Incoming } from '../bridge/broker.ts'
import type { Origin } from '../bridge/wire/index.ts'

/** What is known of how far our clock is ahead of a gateway's, in ms; negative: behind. */
type Bounds = { least: number; most: number }

const mostSources = 1_000
const lookMs = 1_000
/** Where nothing has looked expired for so long, nobody looks for new records any more. */
const calmMs = 60_000

/**
 * How far our clock and those of the gateways differ, as the commands prove it. A command was written before it came, so our
 * clock is at most as far ahead as it seems old. One whose offset the partition did not have yet a moment ago is at most that
 * moment old, by a monotonic clock: so ours is at least as far ahead as it seems older. When commands expire, the ends of the
 * partitions are looked at once a second to have such a moment. Of all corrections that the commands allow the smallest is
 * made; a command that has waited in the topic proves nothing, and expires.
 */
export class Skew implements Disposable {
  readonly #ends: (() => Promise<readonly bigint[]>) | null
  readonly #bounds = new Map<string, Bounds>() // by instance of the gateway
  #seen: Readonly<{ at: Instant; wallAt: EpochMs; ends: readonly bigint[] }> | null = null
  #timer: Disposable | null = null
  #expiredAt: Instant = now()

  /** `ends`: the offset that the next record of each partition will get; null where offsets do not say when a command was written. */
  constructor(ends: (() => Promise<readonly bigint[]>) | null) {
    this.#ends = ends
  }

  /** The same command with `expires` by our clock. */
  correct(origin: Origin, record: Incoming): Origin {
    const { expires, writtenAt, source } = origin
    if (expires === null || writtenAt === null) return origin
    const ms = this.#see(source, writtenAt, record)
    return ms === 0 ? origin : { ...origin, expires: expires + ms }
  }

  /** A command seems to have expired: from now on it is noticed how new records are. */
  suspect(): void {
    this.#expiredAt = now()
    if (this.#timer !== null || this.#ends === null) return
    this.#timer = every(lookMs, () => (since(this.#expiredAt) > calmMs ? this.#rest() : void this.look()))
    void this.look()
  }

  /** Whatever gets an offset from these ends on is written later than this moment. */
  async look(): Promise<void> {
    if (this.#ends === null) return
    const [at, wallAt] = [now(), wallClock()]
    try {
      this.#seen = { at, wallAt, ends: await this.#ends() }
    } catch {
      // what is not known proves nothing
    }
  }

  [Symbol.dispose](): void {
    this.#rest()
  }

  #see(source: string, writtenAt: number, { partition, offset, timestamp }: Incoming): number {
    const at = wallClock()
    let known = this.#bounds.get(source)
    if (known === undefined) {
      if (this.#bounds.size >= mostSources) this.#bounds.clear()
      known = { least: -Infinity, most: Infinity }
      this.#bounds.set(source, known)
    }
    const seemingly = at - writtenAt
    // the later of both times, so that a command which took long to be published proves less, not more
    const proven = at - Math.max(writtenAt, timestamp) - this.#mostAge(partition, offset, at)
    // what contradicts an earlier command stands, as a clock has been set meanwhile
    known.most = Math.max(proven, Math.min(known.most, seemingly))
    known.least = Math.min(seemingly, Math.max(known.least, proven))
    return Math.round(known.least > 0 ? known.least : Math.min(0, known.most))
  }

  /** How old a record with that offset can be at most. A machine that slept has a monotonic clock that slept with it. */
  #mostAge(partition: number, offset: bigint, at: EpochMs): number {
    if (this.#seen === null) return Infinity
    const end = this.#seen.ends[partition] ?? -1n
    return end < 0n || offset < end ? Infinity : Math.max(since(this.#seen.at), at - this.#seen.wallAt)
  }

  #rest(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }
}
