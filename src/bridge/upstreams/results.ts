const weight = 0.1 // of the latest call in the average

/** How the calls to one endpoint went lately. */
export class Results {
  #calls = 0
  #failures = 0
  #ms = 0

  add(good: boolean, ms: number): void {
    this.#calls++
    if (!good) this.#failures++
    else this.#ms = this.#ms === 0 ? ms : this.#ms + weight * (ms - this.#ms)
  }

  /** An exponential average of how long an answer takes; 0 before the first. */
  get ms(): number {
    return this.#ms
  }

  /** What was counted since it was last judged. */
  get counts(): Readonly<{ calls: number; failures: number; ms: number }> {
    return { calls: this.#calls, failures: this.#failures, ms: this.#ms }
  }

  /** It was judged by what was counted. */
  judged(): void {
    this.#calls = this.#failures = 0
  }

  /** An endpoint that comes back begins anew. */
  forget(): void {
    this.#calls = this.#failures = this.#ms = 0
  }
}
