import type { Instant } from '../clock.ts'
import type { GroupState } from './admin.ts'

export type BacklogOptions = Readonly<{
  /** A partition whose commits have not moved for so long says nothing of its pace any more. Default: 30 s. */
  staleMs?: number
}>
/** What is known of one partition, for people: records, records a second, ms. */
export type PartitionBacklog = Readonly<{ partition: number; lag: number; perSecond: number; waitMs: number }>

const unknown = -1
/** Weight of the newest measure: commits come in lumps, and a pace changes with the members. */
const weight = 0.5

/** One partition as it was seen last. */
class Track {
  committed = unknown
  end = unknown
  /** When at the latest the commit was made: the look before the one that saw it. The group is at least as far since. */
  since: Instant
  movedAt: Instant // the look that saw the commit
  behind = false // when that commit was seen, records of the look before were not done yet
  rate = 0 // records a millisecond; 0: unknown
  waitMs = 0

  constructor(at: Instant) {
    this.since = at
    this.movedAt = at
  }
}

/**
 * How long a record written now would wait for its turn, by partition: lag ÷ drain rate (Little 1961). What is committed
 * is older than what is done, by up to the group's commit interval, so the lag itself would send away calls that a worker
 * without any backlog answers at once. Hence:
 * - a lag is believed only where a commit moved, and measured against the end of the look before;
 * - between two commits the group is taken to go on at its pace, and without a commit for `staleMs` nothing is known;
 * - a pace is measured only between two commits that both left something undone: who has caught up goes as slowly as
 *   records come, which says nothing of what it could do.
 */
export class Backlog {
  readonly #staleMs: number
  #tracks: Track[] = []
  #moved: number[] = []
  #lookedAt: Instant | null = null

  constructor({ staleMs = 30_000 }: BacklogOptions = {}) {
    this.#staleMs = staleMs
  }

  /** Records between the commits and the ends, over all partitions. */
  get lag(): number {
    let sum = 0
    for (const track of this.#tracks) sum += lagOf(track)
    return sum
  }

  /** As of the last look; 0 where there is no backlog, or nothing is known of it. */
  waitMs(partition: number): number {
    return this.#tracks[partition]?.waitMs ?? 0
  }

  /** Partitions of which the last look saw that something has been done since the one before. */
  get moved(): readonly number[] {
    return this.#moved
  }

  /** Takes the state as it was at `at`. */
  look(at: Instant, { committed, ends }: Pick<GroupState, 'committed' | 'ends'>): void {
    const before = this.#lookedAt ?? at
    for (let partition = this.#tracks.length; partition < committed.length; partition++)
      this.#tracks.push(new Track(at))
    this.#tracks.length = committed.length
    this.#moved = []
    for (const [partition, track] of this.#tracks.entries()) {
      const last = track.committed
      this.#see(track, { at, before, committed: Number(committed[partition]), end: Number(ends[partition]) })
      if (last >= 0 && track.committed > last) this.#moved.push(partition)
    }
    this.#lookedAt = at
  }

  /** The members have changed: whatever pace was measured is no longer theirs. */
  forget(): void {
    for (const track of this.#tracks) settle(track)
  }

  /** The partitions that are furthest behind, at most `count`. */
  worst(count: number): readonly PartitionBacklog[] {
    return this.#tracks
      .map((track, partition) => ({
        partition,
        lag: lagOf(track),
        perSecond: Math.round(track.rate * 1_000_000) / 1_000,
        waitMs: Math.round(track.waitMs),
      }))
      .filter(({ lag }) => lag > 0)
      .sort((a, b) => b.waitMs - a.waitMs || b.lag - a.lag)
      .slice(0, count)
  }

  #see(
    track: Track,
    { at, before, committed, end }: Readonly<{ at: Instant; before: Instant; committed: number; end: number }>,
  ): void {
    const last = track.committed
    if (committed < 0 || end < 0 || last < 0 || committed < last) settle(track) // never committed, without a leader, seen for the first time, or set back by somebody
    else if (committed > last) {
      const behind = track.end > committed
      const pace = (committed - last) / Math.max(1, at - track.movedAt)
      if (!behind) track.rate = 0
      else if (track.behind) track.rate = track.rate === 0 ? pace : weight * pace + (1 - weight) * track.rate
      track.behind = behind
    } else if (end <= committed || at - track.movedAt > this.#staleMs) settle(track)
    if (committed !== last) {
      track.since = before
      track.movedAt = at
    }
    track.committed = committed
    track.end = end
    const done = committed + track.rate * (at - track.since)
    track.waitMs = track.rate === 0 ? 0 : Math.max(0, end - done) / track.rate
  }
}

function settle(track: Track): void {
  track.behind = false
  track.rate = 0
  track.waitMs = 0
}

const lagOf = ({ committed, end }: Track): number => (committed < 0 ? 0 : Math.max(0, end - committed))
