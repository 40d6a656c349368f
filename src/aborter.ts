type Listener = (() => void) | Readonly<{ handleEvent(): void }>
type Listeners = Listener | readonly Listener[] | null // mostly one

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
  #listeners: Listeners = null

  get signal(): Signal {
    return this
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    for (let first = firstOf(this.#listeners); first !== null; first = firstOf(this.#listeners)) {
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
    else if (isMany(before)) {
      const left = before.filter(other => other !== listener)
      this.#listeners = left.length === 1 ? (left[0] ?? null) : left
    }
  }
}

const isMany = (listeners: Listeners): listeners is readonly Listener[] => Array.isArray(listeners)
const firstOf = (listeners: Listeners): Listener | null => (isMany(listeners) ? (listeners[0] ?? null) : listeners)

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
