const recent = 32
const generous = 2

/**
 * How many calls of a worker are for which partition of its topic, waiting ones included: in Kafka a partition fails alone,
 * and one that is stuck must not take all slots with it.
 */
export class Partitions {
  readonly #percent: number
  readonly #latest = new Uint32Array(recent) // the partitions of the latest answers
  #held = new Uint32Array(16)
  #answered = new Uint32Array(16) // of the latest
  #answers = 0
  #count: number | null = null

  /** `percent` of the slots is what one partition may have. */
  constructor(percent: number) {
    this.#percent = percent
  }

  /** Partitions of the topic; null while nobody knows, and then there is no cap. */
  get count(): number | null {
    return this.#count
  }

  set count(count: number | null) {
    this.#count = count
  }

  /** The most that one partition may have of so many slots. */
  cap(limit: number): number {
    if (this.#count === null || this.#count < 2 || this.#percent >= 100) return Infinity
    return Math.max(1, Math.floor((limit * this.#percent) / 100))
  }

  /**
   * The most that this partition may have while slots are short: twice its part of the latest answers, so that what answers slowly
   * or not at all, be it half of the partitions or one hot key, does not take the slots of what does.
   */
  fair(partition: number, limit: number): number {
    if (this.#answers < recent || this.cap(limit) === Infinity) return Infinity
    return Math.max(1, Math.ceil((limit * generous * (this.#answered[partition] ?? 0)) / recent))
  }

  /** A call of this partition was answered. */
  answered(partition: number): void {
    const at = this.#answers++ % recent
    if (this.#answers > recent) (this.#answered[this.#latest[at] as number] as number)--
    this.#latest[at] = partition
    ;(this.#answered[partition] as number)++
  }

  held(partition: number): number {
    return this.#held[partition] ?? 0
  }

  enter(partition: number): void {
    if (partition >= this.#held.length) this.#grow(partition)
    ;(this.#held[partition] as number)++
  }

  leave(partition: number): void {
    ;(this.#held[partition] as number)--
  }

  /** The one with most calls, or null when there are none: for people. */
  fullest(): Readonly<{ partition: number; calls: number }> | null {
    let found = { partition: 0, calls: 0 }
    for (const [partition, calls] of this.#held.entries()) if (calls > found.calls) found = { partition, calls }
    return found.calls === 0 ? null : found
  }

  /** Topics grow, and a call may know before we are told. */
  #grow(partition: number): void {
    const size = 2 ** Math.ceil(Math.log2(partition + 1))
    const [held, answered] = [new Uint32Array(size), new Uint32Array(size)]
    held.set(this.#held)
    answered.set(this.#answered)
    this.#held = held
    this.#answered = answered
  }
}
