import type { Signal } from '../../aborter.ts'
import { after, later, now, until } from '../../clock.ts'
import type { Alarm, Instant } from '../../clock.ts'

/** How a receiver is asked at present: at most `slots` requests at once, and none for `pausedMs` more. */
export type Pace = Readonly<{ slots: number; busy: number; waiting: number; pausedMs: number; failures: number }>

export type PacingOptions = Readonly<{ most: number; baseMs: number; capMs: number }>

/** So many failures in a row, with no success between, are the receiver's and not those of single messages. */
const downAfter = 3

/**
 * The rate that a receiver bears: additive increase, multiplicative decrease (Chiu and Jain 1989) of the requests under way, and
 * pauses in which nothing is sent. One that is down is tried by one message at a time, and all others wait.
 */
export class Pacing implements Disposable {
  readonly #options: PacingOptions
  readonly #waiting: (() => void)[] = []
  #limit: number
  #busy = 0
  #failures = 0
  #notBefore: Instant = now()
  #alarm: Alarm | null = null

  constructor(options: PacingOptions) {
    this.#options = options
    this.#limit = options.most
  }

  get pace(): Pace {
    const slots = Math.floor(this.#limit)
    const pausedMs = Math.round(until(this.#notBefore))
    return { slots, busy: this.#busy, waiting: this.#waiting.length, pausedMs, failures: this.#failures }
  }

  /** Resolves with true once a request may begin, whose end `leave` must tell; with false when the signal aborts first. */
  enter(signal: Signal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const go = (): void => {
      signal.removeEventListener('abort', quit)
      resolve(true)
    }
    const quit = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(go), 1)
      resolve(false)
    }
    signal.addEventListener('abort', quit, { once: true })
    this.#waiting.push(go)
    this.#admit()
    return promise
  }

  leave(): void {
    this.#busy--
    this.#admit()
  }

  succeeded(): void {
    this.#failures = 0
    this.#limit = Math.min(this.#options.most, this.#limit + 1 / this.#limit)
  }

  /** The receiver wants to be left alone: for so long, or, when it does not say (null), for longer each time. */
  slowed(ms: number | null): void {
    this.#failures++
    this.#limit = Math.max(1, this.#limit / 2)
    this.#pause(ms ?? this.#backoffMs())
  }

  /** The receiver did not take a message. */
  failed(): void {
    this.#limit = Math.max(1, this.#limit / 2)
    if (++this.#failures < downAfter) return
    this.#limit = 1
    this.#pause(this.#backoffMs())
  }

  [Symbol.dispose](): void {
    this.#alarm?.cancel()
  }

  /** Full jitter (Brooker, AWS 2015). */
  #backoffMs(): number {
    const { baseMs, capMs } = this.#options
    return Math.random() * Math.min(capMs, baseMs * 2 ** this.#failures)
  }

  #pause(ms: number): void {
    const end = later(ms)
    if (end > this.#notBefore) this.#notBefore = end
  }

  #admit(): void {
    const pausedMs = until(this.#notBefore)
    if (pausedMs > 0) {
      if (this.#waiting.length > 0)
        this.#alarm ??= after(pausedMs, () => {
          this.#alarm = null
          this.#admit()
        })
      return
    }
    while (this.#busy < Math.floor(this.#limit)) {
      const go = this.#waiting.shift()
      if (go === undefined) return
      this.#busy++
      go()
    }
  }
}
