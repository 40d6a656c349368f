import { every, now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'

const lookMs = 250
const toleratedMs = 250

/** Notices when our own event loop stood still: what seemed silence of a worker meanwhile proves nothing. */
export class Stall implements Disposable {
  #lookedAt = now()
  #stalledAt: Instant | null = null
  readonly #look = every(lookMs, () => this.#notice())

  /** Whether the loop stood still at some time since then. */
  since(instant: Instant): boolean {
    this.#notice() // an alarm that rings late may be the first to see it
    return this.#stalledAt !== null && this.#stalledAt >= instant
  }

  #notice(): void {
    if (since(this.#lookedAt) > lookMs + toleratedMs) this.#stalledAt = now()
    this.#lookedAt = now()
  }

  [Symbol.dispose](): void {
    this.#look[Symbol.dispose]()
  }
}
