import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'

const forgetting = 256 // replies, until a longer one is forgotten
const lookMs = 10 // what all silent partitions hold is summed up anew after so long

/**
 * When something was last heard of each partition of a worker's topic. A partition is silent while its calls are in flight and it
 * has answered none for long, though others do answer: its member has died or hangs, and what waits there waits for nothing yet.
 * What has lost a call stays so until it answers one, so that it gets one call at a time to answer.
 */
export class PartitionAnswers {
  readonly #inFlight: (partition: number) => number
  readonly #heardAt: Instant[] = [] // by partition; nothing of those for which there was no call
  readonly #lost = new Set<number>()
  #latest = -Infinity as Instant // an answer of any
  #usualMs = 0 // rises with the longest, falls slowly (peak EWMA)
  #sum = 0
  #summedAt = -Infinity as Instant

  /** `inFlight`: how many calls for a partition are. */
  constructor(inFlight: (partition: number) => number) {
    this.#inFlight = inFlight
  }

  /** A call for it is about to begin. */
  begins(partition: number): void {
    if (this.#inFlight(partition) === 0 && !this.#lost.has(partition)) this.#heardAt[partition] = now()
  }

  /** It has answered, after `ms`; 0 where the time is not known. */
  heard(partition: number, ms: number): void {
    this.#usualMs = Math.max(ms, this.#usualMs - this.#usualMs / forgetting)
    this.#latest = this.#heardAt[partition] = now()
    this.#lost.delete(partition)
  }

  /** A call for it has ended without an answer. */
  lost(partition: number): void {
    this.#lost.add(partition)
  }

  /** What a reply takes, of those that take long, in milliseconds. */
  get usualMs(): number {
    return this.#usualMs
  }

  /** Whether calls are in flight for it and nothing has been heard of it for so long. */
  mute(partition: number, ms: number): boolean {
    return this.#latest > -Infinity && this.#inFlight(partition) > 0 && since(this.#heardAt[partition] as Instant) > ms
  }

  /** The same, though others were heard. */
  silent(partition: number, ms: number): boolean {
    return since(this.#latest) <= ms && this.mute(partition, ms)
  }

  /** How many calls are in flight for silent partitions. */
  held(ms: number): number {
    if (since(this.#latest) > ms) return 0
    if (since(this.#summedAt) < lookMs) return this.#sum
    this.#summedAt = now()
    this.#sum = 0
    for (let partition = 0; partition < this.#heardAt.length; partition++)
      if (this.silent(partition, ms)) this.#sum += this.#inFlight(partition)
    return this.#sum
  }
}
