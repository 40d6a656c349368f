import { build } from 'hdr-histogram-js'

/** What is kept of many durations, in ms; null where there were none. */
export type Spread = Readonly<{
  count: number
  p50: number | null
  p90: number | null
  p99: number | null
  max: number | null
}>

export const noSpread: Spread = { count: 0, p50: null, p90: null, p99: null, max: null }

/** Counts durations up to ten minutes, to a tenth of a percent, in steps of 10 µs. */
export class Durations {
  readonly #counts = build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 3,
  })

  record(ms: number): void {
    this.#counts.recordValue(Math.min(60_000_000, Math.max(0, Math.round(ms * 100))))
  }

  /** What has gathered so far. */
  spread(): Spread {
    const count = this.#counts.totalCount
    if (count === 0) return noSpread
    const at = (percent: number): number => this.#counts.getValueAtPercentile(percent) / 100
    return { count, p50: at(50), p90: at(90), p99: at(99), max: this.#counts.maxValue / 100 }
  }

  /** The same, and begins anew. */
  take(): Spread {
    const spread = this.spread()
    if (spread.count > 0) this.#counts.reset()
    return spread
  }
}
