/**
 * Remembers the latest texts, between `most` and twice as many: two sets that take turns. Taking the oldest out of one set would
 * pass all that were taken out before it.
 */
export class Latest {
  readonly #most: number
  #newer = new Set<string>()
  #older = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  has(text: string): boolean {
    return this.#newer.has(text) || this.#older.has(text)
  }

  add(text: string): void {
    this.#newer.add(text)
    if (this.#newer.size < this.#most) return
    this.#older = this.#newer
    this.#newer = new Set()
  }
}
