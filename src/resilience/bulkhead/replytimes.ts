import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { Floor } from './floor.ts'

const telling = 4 // fewer times than that are no reading of a floor
const longestMs = 60_000 // what is older than this says nothing of today

/** How long the replies of one route take: its kind of work, which is not compared with that of other routes. */
export class ReplyTimes {
  readonly floor = new Floor()
  #sum = 0 // of times that are too few yet to be a reading
  #count = 0
  #usualMs = 0
  #at = -Infinity as Instant

  /** In the last window, in milliseconds; 0 when that was long ago. */
  get usualMs(): number {
    return since(this.#at) <= longestMs ? this.#usualMs : 0
  }

  /** So many replies of a window, which took `sum` together. */
  look(sum: number, count: number): void {
    this.#usualMs = sum / count
    this.#at = now()
  }

  /** They may have waited in the topic. */
  see(sum: number, count: number): void {
    this.#sum += sum
    this.#count += count
    if (this.#count < telling) return
    this.floor.see(this.#sum / this.#count)
    this.#sum = this.#count = 0
  }
}
