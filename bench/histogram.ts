const bits = 8
const exact = 1 << bits // durations below are counted exactly; above, each octave has half as many steps: an error under 0.8 %
const half = exact / 2

/** Counts durations in microseconds up to an hour: cheaper than remembering them, and of a fixed size. */
export class Histogram {
  readonly #counts = new Uint32Array((32 - bits + 1) * half + half)
  #total = 0
  #max = 0

  record(us: number): void {
    const whole = Math.max(0, Math.round(us)) >>> 0
    const octave = Math.max(0, 32 - bits - Math.clz32(whole))
    this.#counts[octave * half + (whole >>> octave)]!++
    this.#total++
    if (whole > this.#max) this.#max = whole
  }

  get total(): number {
    return this.#total
  }

  get maxMs(): number {
    return this.#max / 1_000
  }

  /** Milliseconds that `percent` of the durations do not exceed, rounded up to a step. NaN when empty. */
  percentileMs(percent: number): number {
    if (this.#total === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#total))
    let seen = 0
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index]!
      if (seen >= rank) return Math.min(upper(index), this.#max) / 1_000
    }
    return this.maxMs
  }
}

/** The largest duration that is counted at `index`: the inverse of what `record` does. */
function upper(index: number): number {
  const octave = Math.max(0, Math.floor(index / half) - 1)
  return (index - octave * half + 1) * 2 ** octave - 1
}
