const shares = 3
const byChance = 8 // so many are for one partition now and then

/**
 * How many calls of a worker are for which partition of its topic, waiting ones included: in Kafka a partition fails alone,
 * and one that is stuck must not take all slots with it.
 */
export class Partitions {
  readonly #percent: number
  #held = new Uint32Array(16)
  #inFlight = new Uint32Array(16)
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

  /** The most that it may have while slots are short and so many calls are inside: a hot key would have half of them, and be late. */
  share(inside: number): number {
    if (this.#count === null) return Infinity
    return Math.max(byChance, Math.floor((shares * inside) / this.#count))
  }

  /** What one partition may have beyond its share, of so much room: others that have so many inside may come to have several times as many. */
  lent(others: number, room: number): number {
    return others === 0 ? Infinity : Math.floor(room - (others * (this.#count ?? 1)) / shares)
  }

  /** How much of what is looked at may be of one partition: twice what it has when all are used alike. */
  get sampled(): number {
    return this.#count === null ? 1 : Math.min(1, 2 / this.#count)
  }

  inFlight(partition: number): number {
    return this.#inFlight[partition] ?? 0
  }

  held(partition: number): number {
    return this.#held[partition] ?? 0
  }

  /** Into a slot. */
  enter(partition: number): void {
    this.queue(partition)
    ;(this.#inFlight[partition] as number)++
  }

  leave(partition: number): void {
    this.unqueue(partition)
    ;(this.#inFlight[partition] as number)--
  }

  /** Into the queue. */
  queue(partition: number): void {
    if (partition >= this.#held.length) this.#grow(partition)
    ;(this.#held[partition] as number)++
  }

  unqueue(partition: number): void {
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
    const [held, inFlight] = [new Uint32Array(size), new Uint32Array(size)]
    held.set(this.#held)
    inFlight.set(this.#inFlight)
    this.#held = held
    this.#inFlight = inFlight
  }
}
