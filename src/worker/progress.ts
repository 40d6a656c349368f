import { after } from '../clock.ts'
import type { Alarm } from '../clock.ts'

type Report = Readonly<{ percent: number; note: string }>

const everyMs = 200

/** What a handler reports of its progress: the first at once, then the latest, not oftener than five times a second. */
export class Progress {
  readonly #send: (percent: number, note: string) => void
  #latest: Report | null = null
  #pause: Alarm | null = null
  #ended = false

  constructor(send: (percent: number, note: string) => void) {
    this.#send = send
  }

  /** Throws a RangeError for what is no percentage. */
  readonly report = (percent: number, note = ''): void => {
    if (!(percent >= 0 && percent <= 100)) throw new RangeError(`${percent} is no percentage.`)
    if (this.#ended) return
    this.#latest = { percent, note }
    if (this.#pause === null) this.#flush()
  }

  /** Nothing is sent any more: the reply says it all. */
  end(): void {
    this.#ended = true
    this.#pause?.cancel()
  }

  #flush(): void {
    this.#pause = null
    if (this.#latest === null) return
    this.#send(this.#latest.percent, this.#latest.note)
    this.#latest = null
    this.#pause = after(everyMs, () => this.#flush())
  }
}
