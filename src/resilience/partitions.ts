/**
 * How many calls of a worker are for which partition of its topic, waiting ones included: in Kafka a partition fails alone,
 * and one that is stuck must not take all slots with it.
 */
export class Partitions {
  readonly #percent: number
  #held = new Uint32Array(16)
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
    const held = new Uint32Array(2 ** Math.ceil(Math.log2(partition + 1)))
    held.set(this.#held)
    this.#held = held
  }
}
