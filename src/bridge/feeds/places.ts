/** A number of places: who comes when all are taken waits for his turn. */
export class Places {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves when there is a place; it is free again once that is disposed of. */
  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free--
    else {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    }
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        const next = this.#waiting.shift()
        if (next === undefined) this.#free++
        else next()
      },
    }
  }
}
