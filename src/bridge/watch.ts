import { every, later, now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { events } from '../events.ts'
import type { GroupPresence } from '../events.ts'
import { Problem } from '../problem.ts'
import type { GroupState } from './admin.ts'
import { Backlog } from './backlog.ts'
import type { PartitionBacklog } from './backlog.ts'

export type WatchOptions = Readonly<{
  worker: string
  group: string
  everyMs: number
  graceMs: number // after a rebalance, silence proves nothing for so long
}>
/** What others want to hear of. */
export type News = Readonly<{
  /** After each rebalance, and when somebody joins a group that had nobody. */
  settled: () => void
  /** Something has been done of a partition since the look before. */
  moved: (partition: number) => void
}>
/** What is known at present, for people. `members` is null while nothing is known. */
export type WatchSnapshot = Readonly<{
  group: string
  presence: GroupPresence
  members: number | null
  lag: number // records not committed yet
  ageMs: number | null // since the last look that succeeded
  worst: readonly PartitionBacklog[] // at most ten
}>

/** Where it is not allowed, somebody may come to allow it. */
const forbiddenMs = 60_000
/** Rebalances that follow each other for longer than so many graces are the worker's own failure. */
const mostGraces = 6
const worst = 10

/**
 * Looks at a worker's consumer group every second or so, never two looks at once: whether anybody is there, whether the
 * partitions are being handed out anew, how far it is behind. A look that fails leaves everything unknown, which refuses
 * nothing, and warns once.
 */
export class Watch implements Disposable {
  readonly group: string
  readonly #options: WatchOptions
  readonly #look: () => Promise<GroupState>
  readonly #news: News
  readonly #backlog = new Backlog()
  #timer: Disposable | null = null
  #looking = false
  #ended = false
  #notBefore: Instant = now()
  #warned = false
  #presence: GroupPresence = 'unknown'
  #members: number | null = null
  #lastMembers: number | null = null // also while nothing is known
  #lookedAt: Instant | null = null
  #rebalancedAt: Instant | null = null // seen last
  #troubledFrom: Instant | null = null // the first of the rebalances that follow each other
  #settledAt: Instant | null = null // after the last of them

  constructor(look: () => Promise<GroupState>, news: News, options: WatchOptions) {
    this.group = options.group
    this.#look = look
    this.#news = news
    this.#options = options
  }

  /** Begins to look. */
  start(): void {
    if (this.#ended || this.#timer !== null) return
    this.#timer = every(this.#options.everyMs, () => void this.#sample())
    void this.#sample()
  }

  /** How many serve; null while nothing is known. */
  get members(): number | null {
    return this.#isFresh() ? this.#members : null
  }

  /** The last look that succeeded. */
  get lookedAt(): Instant | null {
    return this.#lookedAt
  }

  /** How long a command for this partition would wait for its turn; 0 where nothing is known. */
  waitMs(partition: number): number {
    const seen = this.#backlog.waitMs(partition)
    if (seen === 0 || this.#lookedAt === null || this.#members === null) return 0
    return this.#isFresh() ? Math.max(0, seen - since(this.#lookedAt)) : 0
  }

  /**
   * Whether the silence of a call begun then may be the doing of a rebalance, which is over soon. It is over for a partition
   * that has answered since the group has settled.
   */
  disturbed(started: Instant, answeredAt: number = -Infinity): boolean {
    if (this.#rebalancedAt === null || this.#troubledFrom === null) return false
    const { graceMs } = this.#options
    const settledAt = this.#settledAt ?? Infinity
    if (settledAt >= this.#rebalancedAt && started > settledAt && answeredAt > settledAt) return false
    return this.#rebalancedAt >= started - graceMs && started - this.#troubledFrom <= mostGraces * graceMs
  }

  snapshot(): WatchSnapshot {
    return {
      group: this.group,
      presence: this.#isFresh() ? this.#presence : 'unknown',
      members: this.members,
      lag: this.#backlog.lag,
      ageMs: this.#lookedAt === null ? null : Math.round(since(this.#lookedAt)),
      worst: this.#backlog.worst(worst),
    }
  }

  [Symbol.dispose](): void {
    this.#ended = true
    this.#timer?.[Symbol.dispose]()
  }

  /** What was seen long ago is not known: a look may hang as long as the brokers do. */
  #isFresh(): boolean {
    return this.#lookedAt !== null && since(this.#lookedAt) <= Math.max(5_000, 3 * this.#options.everyMs)
  }

  async #sample(): Promise<void> {
    if (this.#looking || now() < this.#notBefore) return
    this.#looking = true
    try {
      const state = await this.#look()
      if (!this.#ended) this.#see(state)
    } catch (error) {
      if (!this.#ended) this.#fail(Problem.from(error))
    } finally {
      this.#looking = false
    }
  }

  #see(state: GroupState): void {
    const at = now()
    const { members, rebalancing } = state
    const moved = this.#lastMembers !== null && members !== this.#lastMembers
    if (moved || rebalancing) {
      this.#disturb(at)
      this.#backlog.forget()
    }
    const before = this.#presence
    this.#backlog.look(at, state)
    this.#lookedAt = at
    this.#members = this.#lastMembers = members
    this.#warned = false
    this.#become(members === 0 ? 'absent' : rebalancing ? 'rebalancing' : 'present', `${members} members`)
    this.#tell(members, rebalancing)
    for (const partition of this.#backlog.moved) this.#news.moved(partition)
    if (this.#presence !== 'present' || (!moved && before !== 'rebalancing')) return
    this.#settledAt = at
    this.#news.settled()
  }

  #disturb(at: Instant): void {
    const last = this.#rebalancedAt
    if (last === null || at - last > this.#options.graceMs) this.#troubledFrom = this.#lookedAt ?? at
    this.#rebalancedAt = at
  }

  #fail(problem: Problem): void {
    const forbidden = problem.code === 'topic-forbidden'
    if (forbidden) this.#notBefore = later(forbiddenMs)
    this.#members = null
    this.#backlog.forget()
    this.#become('unknown', problem.message)
    this.#tell(null, false)
    if (this.#warned) return
    this.#warned = true
    const what = `The group ${this.group} of ${this.#options.worker} cannot be watched: nothing is refused on its account.`
    if (events.warning.hasSubscribers) events.warning.publish({ what, cause: problem })
  }

  #become(to: GroupPresence, reason: string): void {
    const from = this.#presence
    this.#presence = to
    const { worker, group } = this.#options
    if (from !== to && events.group.hasSubscribers) events.group.publish({ worker, group, from, to, reason })
  }

  #tell(members: number | null, rebalancing: boolean): void {
    if (!events.watched.hasSubscribers) return
    const lag = members === null ? null : this.#backlog.lag
    events.watched.publish({ worker: this.#options.worker, members, lag, rebalancing })
  }
}
