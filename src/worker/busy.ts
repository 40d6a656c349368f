import { pause } from '../clock.ts'

/** How much is under way, for whoever waits until nothing is. */
export class Busy {
  #count = 0
  #quiet: AbortController | null = null

  begin(): void {
    this.#count++
  }

  end(): void {
    if (--this.#count === 0) this.#quiet?.abort()
  }

  /** Resolves when nothing is under way, at the latest after `limitMs`. */
  async quiet(limitMs: number): Promise<void> {
    if (this.#count === 0) return
    this.#quiet = new AbortController()
    await pause(limitMs, this.#quiet.signal)
  }
}
