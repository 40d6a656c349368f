import { events } from './events.ts'

/** Whether this instance should get requests, and why not. Each cause blocks by name until it is cleared. */
export class Readiness {
  readonly #causes = new Map<string, string>()

  /** Names the cause in a sentence. Said once: that its words change is nothing new. */
  block(cause: string, why: string): void {
    const known = this.#causes.has(cause)
    this.#causes.set(cause, why)
    if (!known) this.#tell()
  }

  clear(cause: string): void {
    if (this.#causes.delete(cause)) this.#tell()
  }

  get ready(): boolean {
    return this.#causes.size === 0
  }

  /** Why it is not ready, a sentence by the name of each cause; empty when it is. */
  get reasons(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#causes)
  }

  #tell(): void {
    if (events.lifecycle.hasSubscribers)
      events.lifecycle.publish({ kind: this.ready ? 'ready' : 'unready', detail: this.toString() })
  }

  toString(): string {
    return [...this.#causes.values()].join('; ')
  }
}
