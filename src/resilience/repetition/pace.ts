import { now, since } from '../../clock.ts'

const most = 512 // samples kept
const ageMs = 60_000 // what is older says nothing of the present
const every = 32 // new samples between two looks: sorting costs more than all the rest
const above = 5 // samples beyond the percentile before it means something

/** The time within which a share of the latest replies came, by a bounded sliding sample. */
export class Pace {
  readonly #share: number
  readonly #least: number
  readonly #ms = new Float64Array(most)
  readonly #at = new Float64Array(most).fill(-Infinity)
  #next = 0
  #fresh = 0
  #lookedAt = now()
  #value: number | null = null

  constructor(percentile: number) {
    this.#share = percentile / 100
    this.#least = Math.ceil(above / (1 - this.#share))
  }

  add(ms: number): void {
    this.#ms[this.#next] = ms
    this.#at[this.#next] = now()
    this.#next = (this.#next + 1) % most
    this.#fresh++
  }

  /** Milliseconds; null while there are too few samples of the last minute. */
  get value(): number | null {
    if (this.#fresh >= every || since(this.#lookedAt) > 1_000) this.#look()
    return this.#value
  }

  #look(): void {
    this.#fresh = 0
    this.#lookedAt = now()
    const recent = this.#ms.filter((_, i) => this.#lookedAt - (this.#at[i] as number) <= ageMs).sort()
    this.#value = recent.length < this.#least ? null : (recent[Math.ceil(recent.length * this.#share) - 1] ?? null)
  }
}
