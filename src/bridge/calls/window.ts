import type { Signal } from '../../aborter.ts'

const first = 4

/**
 * How many calls an upstream bears at once: slow start, then additive increase and multiplicative decrease (Jacobson 1988, Chiu and
 * Jain 1989). It grows only while it is in use (RFC 7661), and shrinks when refusals come so thick that they are not those of
 * single commands.
 */
export class Window {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #limit: number
  #busy = 0
  #slow = true // in slow start: until the first refusal that counts
  #taken = 0 // calls since the last refusal

  constructor(most: number) {
    this.#most = most
    this.#limit = Math.min(most, first)
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }

  /** Resolves once a call may begin, or the signal aborts: either way `leave` must follow. */
  async enter(signal: Signal): Promise<void> {
    if (this.#busy < this.limit || signal.aborted) return void this.#busy++
    const { promise, resolve } = Promise.withResolvers<void>()
    const quit = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(go), 1)
      go()
    }
    const go = (): void => {
      signal.removeEventListener('abort', quit)
      this.#busy++
      resolve()
    }
    signal.addEventListener('abort', quit)
    this.#waiting.push(go)
    await promise
  }

  /** The call is over: it was served, refused as one too many, or says nothing of what the upstream bears. */
  leave(how: 'served' | 'refused' | 'untold'): void {
    if (how === 'served') this.#served()
    else if (how === 'refused') this.#refused()
    this.#busy--
    while (this.#busy < this.limit && this.#waiting.length > 0) this.#waiting.shift()?.()
  }

  #served(): void {
    this.#taken++
    const isUsed = this.#busy * 2 >= this.#limit
    if (isUsed) this.#limit = Math.min(this.#most, this.#limit + (this.#slow ? 1 : 1 / this.#limit))
  }

  #refused(): void {
    const isThick = this.#taken < this.#limit
    this.#taken = 0
    if (!isThick) return
    this.#slow = false
    this.#limit = Math.max(1, this.#limit / 2)
  }
}
