import type { Signal } from '../../aborter.ts'
import { after } from '../../clock.ts'
import { Problem } from '../../problem.ts'

const most = 10_000

/** Who waits for something about a name to change. */
export class Waiters<Name> {
  readonly #byName = new Map<Name, Set<() => void>>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Resolves at the next change of the name, after so long, or when the signal aborts. Throws overloaded when too many wait. */
  wait(name: Name, limitMs: number, signal: Signal): Promise<void> {
    if (signal.aborted || limitMs <= 0) return Promise.resolve()
    if (this.#count >= most)
      throw new Problem('overloaded', `${most} clients wait for changes already.`, { limit: most, observed: most })
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiters = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, waiters)
    const settle = (): void => {
      if (!waiters.delete(settle)) return
      this.#count--
      if (waiters.size === 0 && this.#byName.get(name) === waiters) this.#byName.delete(name)
      alarm.cancel()
      signal.removeEventListener('abort', settle)
      resolve()
    }
    const alarm = after(limitMs, settle)
    waiters.add(settle)
    this.#count++
    signal.addEventListener('abort', settle, { once: true })
    return promise
  }

  changed(name: Name): void {
    if (this.#count === 0) return
    for (const settle of this.#byName.get(name) ?? []) settle()
  }
}
