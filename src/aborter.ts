type Listener = (() => void) | Readonly<{ handleEvent(): void }>

/** What of an AbortSignal it takes to hear of an end: every AbortSignal is one. */
export type Signal = Readonly<{
  aborted: boolean
  reason: unknown
  addEventListener(type: 'abort', listener: Listener, options?: Readonly<{ once: boolean }>): void
  removeEventListener(type: 'abort', listener: Listener): void
}>

/**
 * An AbortController that is its own signal, and lighter: two of Node's with a listener each would be a kilobyte and two
 * microseconds of every call. It aborts once, so that all listeners hear once.
 */
export class Aborter implements Signal {
  aborted = false
  reason: unknown
  #listeners: Listener | readonly Listener[] | null = null // mostly one

  get signal(): Signal {
    return this
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    for (let first = this.#first; first !== null; first = this.#first) {
      this.removeEventListener('abort', first) // before it is called: it may remove itself, or the next
      tell(first)
    }
  }

  addEventListener(_type: 'abort', listener: Listener): void {
    const before = this.#listeners
    if (this.aborted) return
    this.#listeners = before === null ? listener : isMany(before) ? [...before, listener] : [before, listener]
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    const before = this.#listeners
    if (before === listener) this.#listeners = null
    else if (before !== null && isMany(before)) {
      const left = before.filter(other => other !== listener)
      this.#listeners = left.length === 1 ? (left[0] ?? null) : left
    }
  }

  get #first(): Listener | null {
    const all = this.#listeners
    return all !== null && isMany(all) ? (all[0] ?? null) : all
  }
}

const isMany = (listeners: Listener | readonly Listener[]): listeners is readonly Listener[] => Array.isArray(listeners)

/** One listener's failure must not silence those behind it. */
function tell(listener: Listener): void {
  try {
    if (typeof listener === 'function') listener()
    else listener.handleEvent()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
