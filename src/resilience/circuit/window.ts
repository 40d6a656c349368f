type Bucket = { calls: number; hits: number }

/** How many of the calls of the latest time were hits. Whoever owns it turns its buckets; the sums are kept, so that asking costs nothing. */
export class Window {
  readonly #buckets: Bucket[]
  #newest = 0
  #calls = 0
  #hits = 0

  constructor(buckets: number) {
    this.#buckets = Array.from({ length: buckets }, () => ({ calls: 0, hits: 0 }))
  }

  get calls(): number {
    return this.#calls
  }

  get hits(): number {
    return this.#hits
  }

  add(hit: boolean): void {
    const bucket = this.#buckets[this.#newest] as Bucket
    bucket.calls++
    this.#calls++
    if (!hit) return
    bucket.hits++
    this.#hits++
  }

  /** Begins a bucket, in the place of the oldest. */
  rotate(): void {
    this.#newest = (this.#newest + 1) % this.#buckets.length
    const bucket = this.#buckets[this.#newest] as Bucket
    this.#calls -= bucket.calls
    this.#hits -= bucket.hits
    bucket.calls = bucket.hits = 0
  }
}
