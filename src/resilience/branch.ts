import { Aborter } from '../aborter.ts'
import type { Signal } from '../aborter.ts'

/**
 * A controller that also aborts when the signal does, until it is disposed of. AbortSignal.any leaks with a long-lived
 * parent, and costs four times as much.
 */
export class Branch extends Aborter implements Disposable {
  readonly #from: Signal

  constructor(from: Signal) {
    super()
    this.#from = from
    if (from.aborted) this.abort(from.reason)
    from.addEventListener('abort', this)
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.abort(this.#from.reason)
  }

  [Symbol.dispose](): void {
    this.#from.removeEventListener('abort', this)
  }
}
