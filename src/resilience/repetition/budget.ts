/** What the calls of a calm may save up for a storm: no more than the deposits of this many calls. */
const memory = 1_000

export type BudgetOptions = Readonly<{ percent: number; floor: number }>

/**
 * How many repetitions the calls may pay for, shared by all who repeat: each call deposits `percent` of a token, each
 * repetition takes one, and `floor` tokens are there from the beginning (the retry budgets of Finagle and of tower; the cap
 * in calls rather than in seconds is that of gRPC's throttling, gRFC A6). Without it, retries multiply the load just when
 * the target can bear it least.
 */
export class Budget {
  readonly #deposit: number
  readonly #most: number
  #tokens: number

  constructor({ percent, floor }: BudgetOptions) {
    this.#deposit = percent / 100
    this.#most = Math.max(floor, this.#deposit * memory)
    this.#tokens = floor
  }

  /** How many repetitions it would pay for now, and at most. */
  get state(): Readonly<{ tokens: number; most: number }> {
    return { tokens: Math.floor(this.#tokens + 1e-9), most: Math.floor(this.#most) }
  }

  /** A call has begun. */
  deposit(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + this.#deposit)
  }

  /** Takes the token for one repetition; false when there is none. */
  withdraw(): boolean {
    if (this.#tokens < 1 - 1e-9) return false // ten deposits of 0.1 make less than 1
    this.#tokens = Math.max(0, this.#tokens - 1)
    return true
  }
}
