/** A stretch of a rate: so many a second, or evenly from `from` to `to`. */
export type Stretch = Readonly<{ forMs: number; from: number; to?: number }>
/** Arrivals a second over time; nothing before and nothing after. */
export type Rate = readonly Stretch[]

export const constant = (perSecond: number, forMs: number): Rate => [{ forMs, from: perSecond }]
/** One height after the other, each as long. */
export const steps = (heights: readonly number[], eachMs: number): Rate =>
  heights.map(from => ({ forMs: eachMs, from }))

export const lengthOf = (rate: Rate): number => rate.reduce((sum, { forMs }) => sum + forMs, 0)

/** Arrivals a second at that moment. */
export function rateAt(rate: Rate, ms: number): number {
  let begun = 0
  for (const { forMs, from, to = from } of rate) {
    if (ms < begun + forMs) return from + ((to - from) * (ms - begun)) / forMs
    begun += forMs
  }
  return 0
}

/** How many arrivals are due before that moment. */
export function dueBy(rate: Rate, ms: number): number {
  let due = 0
  let begun = 0
  for (const { forMs, from, to = from } of rate) {
    const spent = Math.min(Math.max(0, ms - begun), forMs)
    due += (spent * (from + (to - from) * (spent / (2 * forMs)))) / 1_000
    begun += forMs
  }
  return due
}

/**
 * The moments of arrival, in ms from the start. With `random` a Poisson process (its gaps know nothing of each other, as
 * those of many clients do), without it evenly spaced. The process is made at rate 1 and stretched to the rate wanted.
 */
export class Arrivals {
  readonly #rate: Rate
  readonly #gap: () => number
  #stretch = 0
  #begun = 0 // of the stretch, in ms
  #before = 0 // due before the stretch
  #target: number

  constructor(rate: Rate, random: (() => number) | null) {
    this.#rate = rate
    this.#gap = random === null ? () => 1 : () => -Math.log(1 - random())
    this.#target = random === null ? 0.5 : this.#gap()
  }

  /** The next one; Infinity after the last. */
  next(): number {
    for (;;) {
      const stretch = this.#rate[this.#stretch]
      if (stretch === undefined) return Infinity
      const { forMs, from, to = from } = stretch
      const due = (forMs * (from + to)) / 2_000
      const wanted = this.#target - this.#before
      if (wanted < due) {
        this.#target += this.#gap()
        return this.#begun + within(wanted * 1_000, from, (to - from) / forMs)
      }
      this.#before += due
      this.#begun += forMs
      this.#stretch++
    }
  }
}

/** When so much has gathered at a rate that begins with `from` and changes by `slope` a ms. */
const within = (wanted: number, from: number, slope: number): number =>
  slope === 0 ? wanted / from : (Math.sqrt(from * from + 2 * slope * wanted) - from) / slope
