import { now, until } from '../../clock.ts'
import type { Instant } from '../../clock.ts'

/** When a reservoir refills, as far as somebody knows who leases from it: the windows of others may have begun at another time. */
export class Refill {
  readonly #windowMs: number
  #began: Instant = now() // the window, not before the reservoir was refilled
  #known = false // whether a refill was seen

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  get began(): Instant {
    return this.#began
  }

  /** Milliseconds until the next. */
  get inMs(): number {
    return until((this.#began + this.#windowMs) as Instant)
  }

  due(at: Instant): boolean {
    return at - this.#began >= this.#windowMs
  }

  /** The window is over, and the next one is the one that `at` is in. */
  turn(at: Instant): void {
    this.#began = (this.#began + Math.floor((at - this.#began) / this.#windowMs) * this.#windowMs) as Instant
  }

  /** The reservoir has just been refilled. */
  seen(): void {
    this.#began = now()
    this.#known = true
  }

  /** The reservoir was found in the middle of a window, of which nobody says when it began: not later than now. */
  joined(): void {
    this.#began = now()
  }

  /** How soon whoever comes asks an empty reservoir again: more and more often as the refill comes near. */
  get askMs(): number {
    const windowMs = this.#windowMs
    const soonMs = Math.min(250, windowMs / 200)
    if (!this.#known) return Math.max(soonMs, windowMs / 40) // it may come at any time
    const rest = this.inMs
    return windowMs - rest < windowMs / 20 ? soonMs : Math.max(soonMs, rest / 2) // just begun: the refill may be late
  }
}
