import { now, since } from '../../clock.ts'

const generationMs = 60_000

/**
 * The time that a worker takes when nothing queues: the least of what was seen in this generation and the one before it, so
 * that a worker which has become slower is not measured by its better days for longer than two minutes.
 */
export class Floor {
  #bornAt = now()
  #young = Infinity
  #elder = Infinity

  /** In milliseconds; Infinity before the first reading. */
  get ms(): number {
    return Math.min(this.#young, this.#elder)
  }

  /** In milliseconds; `unknown` before the first reading. */
  or(unknown: number): number {
    return this.ms === Infinity ? unknown : this.ms
  }

  /** A reading that may hold some waiting. */
  see(ms: number): void {
    const ageMs = since(this.#bornAt)
    if (ageMs >= generationMs) {
      this.#elder = ageMs >= 2 * generationMs ? Infinity : this.#young
      this.#young = Infinity
      this.#bornAt = now()
    }
    this.#young = Math.min(this.#young, ms)
  }

  /** A reading that holds no waiting: it counts for more than all before it, higher ones too. */
  restart(ms: number): void {
    this.#bornAt = now()
    this.#young = ms
    this.#elder = Infinity
  }
}
