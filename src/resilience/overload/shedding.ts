import type { Priority } from '../../call.ts'

const most = 2
/** Of the way up in one step, and at least so much. */
const climb = 0.2
const leastStep = 0.05
/** The first step down, and how much longer the next one is while it stays calm. */
const descent = 0.04
const haste = 1.5

/**
 * How much is refused, from 0 to 2: up to 1 it is the share of the sheddable calls, beyond 1 that of the normal ones. It follows
 * what is wanted step by step: a process that is relieved too much at once looks idle and is then flooded again, so that half
 * of what it could do is lost (Zhou et al., Overload Control for Scaling WeChat Microservices, 2018). It leaves 0 only for what
 * lasts: of the last three wishes the middle one counts, as one long garbage collection is no overload.
 */
export class SheddingLevel {
  #value = 0
  #last: readonly [number, number] = [0, 0]
  #down = descent

  get value(): number {
    return this.#value
  }

  /** The share of these calls that is refused. */
  shareOf(priority: Priority): number {
    if (priority === 'sheddable') return Math.min(1, this.#value)
    return priority === 'normal' ? Math.max(0, this.#value - 1) : 0
  }

  /** One step towards what is wanted, from 0 to 2. */
  move(latest: number): void {
    const [a, b] = this.#last
    this.#last = [b, latest]
    const wanted = this.#value > 0 ? latest : middle(a, b, latest)
    if (wanted >= this.#value) {
      this.#value = Math.min(wanted, most, this.#value + Math.max(leastStep, climb * (wanted - this.#value)))
      this.#down = descent
    } else {
      this.#value = Math.max(wanted, this.#value - this.#down)
      this.#down *= haste
    }
  }
}

const middle = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
