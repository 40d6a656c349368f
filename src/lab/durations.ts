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

/** Milliseconds by percentile. */
export type Curve = readonly (readonly [percent: number, ms: number])[]
const curvePercents = [0, 10, 25, 50, 60, 75, 80, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.999, 100]

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

  /** The curve of percentiles, closer together towards the end: as HDR histograms are drawn. */
  curve(): Curve {
    if (this.#counts.totalCount === 0) return []
    const at = (percent: number): number => this.#counts.getValueAtPercentile(percent) / 100
    return curvePercents.map(percent => [percent, at(percent)] as const)
  }

  /** The same, and begins anew. */
  take(): Spread {
    const spread = this.spread()
    if (spread.count > 0) this.#counts.reset()
    return spread
  }
}
