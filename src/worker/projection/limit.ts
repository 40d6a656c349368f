/** A signal that aborts when one of others does, or is told to; disposing it leaves the others without a trace of it. */
export class Limit implements Disposable {
  readonly #own = new AbortController()
  readonly #others: readonly AbortSignal[]
  readonly end = (): void => this.#own.abort()

  constructor(...others: readonly (AbortSignal | undefined)[]) {
    this.#others = others.filter(other => other !== undefined)
    for (const other of this.#others) {
      if (other.aborted) this.end()
      other.addEventListener('abort', this.end, { once: true })
    }
  }

  get signal(): AbortSignal {
    return this.#own.signal
  }

  [Symbol.dispose](): void {
    for (const other of this.#others) other.removeEventListener('abort', this.end)
  }
}
