import { since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import type { ReaderEvent } from '../../events.ts'
import type { Fetched } from './fetch.ts'

/** Most transactions are over sooner: it would be told of nothing else. */
const toldMs = 2_000

type Tell = (kind: ReaderEvent, partition: number, reason: string) => void

/**
 * The partitions in which a transaction that is open holds back what was written behind it, by anybody. A fetch that waited
 * to its end and brought nothing, while the last stable offset is below the high watermark, has seen one.
 */
export class Holdback {
  readonly #since = new Map<number, Instant>()
  readonly #told = new Set<number>()
  readonly #tell: Tell

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /** For how long the longest of them stands already; 0 when there is none. */
  get forMs(): number {
    let longest = 0
    for (const from of this.#since.values()) longest = Math.max(longest, since(from))
    return longest
  }

  /** Takes the empty answer to a fetch from that offset, which was begun then. */
  look({ partition, highWatermark, lastStable }: Fetched, from: bigint, begun: Instant): void {
    if (from < lastStable || lastStable >= highWatermark) return this.release(partition)
    const started = this.#since.get(partition) ?? begun
    this.#since.set(partition, started)
    if (since(started) < toldMs || this.#told.has(partition)) return
    this.#told.add(partition)
    this.#tell('held-back', partition, `an open transaction holds back ${highWatermark - lastStable} records`)
  }

  release(partition: number): void {
    const started = this.#since.get(partition)
    if (started === undefined) return
    this.#since.delete(partition)
    if (this.#told.delete(partition))
      this.#tell('released', partition, `the transaction has ended after ${Math.round(since(started))} ms`)
  }

  clear(): void {
    for (const partition of this.#since.keys()) this.release(partition)
  }
}
