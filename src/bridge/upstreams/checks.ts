import { Aborter } from '../../aborter.ts'
import { later, pause } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Endpoint } from './endpoint.ts'
import { tell } from './outliers.ts'

export type CheckOptions = Readonly<{
  path: string
  everyMs: number
  timeoutMs: number
  healthy: number // good answers in a row that make it well
  unhealthy: number // bad ones in a row that make it ill
}>

/** Asks an endpoint again and again how it is: 200 to 399 is well. `changed` is called when the answer is another. */
export class Checks implements Disposable {
  readonly #upstream: string
  readonly #endpoint: Endpoint
  readonly #options: CheckOptions
  readonly #changed: () => void
  readonly #closing = new Aborter()
  #inARow = 0 // that contradict what is known

  constructor(upstream: string, endpoint: Endpoint, options: CheckOptions, changed: () => void) {
    this.#upstream = upstream
    this.#endpoint = endpoint
    this.#options = options
    this.#changed = changed
    void this.#run()
  }

  async #run(): Promise<void> {
    const { everyMs } = this.#options
    while (!this.#closing.aborted) {
      this.#judge(await this.#ask())
      await pause(everyMs * (0.9 + Math.random() * 0.2), this.#closing) // instances do not ask all at once
    }
  }

  /** Null: it is well; else why not. */
  async #ask(): Promise<string | null> {
    const { path, timeoutMs } = this.#options
    const told = { method: 'GET', path, query: '', params: [], headers: [], contentType: null, trace: [] }
    const ask = { told, body: new Uint8Array(), deadline: later(timeoutMs), signal: this.#closing }
    try {
      const { status } = await this.#endpoint.check(ask)
      return status < 400 ? null : `its check answered ${status}`
    } catch (error) {
      return `its check failed: ${Problem.from(error).message}`
    }
  }

  #judge(why: string | null): void {
    const { healthy, unhealthy } = this.#options
    const endpoint = this.#endpoint
    if (this.#closing.aborted) return
    if ((why === null) === endpoint.healthy) this.#inARow = 0
    else if (++this.#inARow >= (why === null ? healthy : unhealthy)) {
      this.#inARow = 0
      endpoint.healthy = why === null
      tell(this.#upstream, endpoint, why === null ? 'healthy' : 'unhealthy', why ?? 'its checks succeed')
      this.#changed()
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Problem('draining', 'The gateway stops.'))
  }
}
