import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { spread } from '../refusal.ts'

export type OpenTimesOptions = Readonly<{ openMs: number; openMaxMs: number; calmMs: number }>

/**
 * How long a circuit opens: openMs · 2ⁿ, capped, ± 20 %, so that the circuits of many instances do not probe together.
 * n counts the openings since the circuit was last closed for `calmMs` on end: a target that flaps is not a healthy one.
 */
export class OpenTimes {
  readonly #options: OpenTimesOptions
  #openings = 0
  #closedAt: Instant | null = null

  constructor(options: OpenTimesOptions) {
    this.#options = options
  }

  /** n: how often the next opening is doubled. */
  get openings(): number {
    const { calmMs } = this.#options
    return this.#closedAt !== null && since(this.#closedAt) >= calmMs ? 0 : this.#openings
  }

  /** The longest time that `next` may give. */
  get ceilingMs(): number {
    return Math.ceil(this.#cap * 1.2)
  }

  /** It opens: for this many milliseconds. */
  next(): number {
    const n = this.openings
    this.#openings = n + 1
    this.#closedAt = null
    return spread(Math.min(this.#cap, this.#options.openMs * 2 ** n))
  }

  /** It has closed. */
  closed(): void {
    this.#closedAt = now()
  }

  /** As it was before a restart. */
  resume(openings: number): void {
    this.#openings = openings
    this.#closedAt = null
  }

  get #cap(): number {
    return Math.max(this.#options.openMs, this.#options.openMaxMs)
  }
}
