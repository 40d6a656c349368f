import type { Incoming } from '../../bridge/broker.ts'
import { happened } from './record.ts'
import type { Happened } from './record.ts'
import { before, judged, keyOf } from './rule.ts'
import type { Standing } from './rule.ts'

/** What a log adds up to. Both must always give the same for the same: no clock, no chance, nothing from outside. */
export type Definition<State> = Readonly<{
  /** The state of a key before its first event. */
  init: (key: string) => State
  /** The state after an event: a new value; what it is given stays as it is. */
  apply: (state: State, event: Happened) => State
}>
export type Entry<State> = Standing & Readonly<{ state: State }>

/** The state of each key, as far as the log has been read. */
export class States<State> {
  readonly #definition: Definition<State>
  readonly #most: number
  readonly #entries = new Map<string, Entry<State>>()
  readonly #changed = new Set<string>()
  #rejected = 0

  constructor(definition: Definition<State>, most: number) {
    this.#definition = definition
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  /** Records that did not count. */
  get rejected(): number {
    return this.#rejected
  }

  get(key: string): Entry<State> {
    return this.#entries.get(key) ?? { ...before, state: this.#definition.init(key) }
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  /** From a snapshot. */
  restore(key: string, entry: Entry<State>): void {
    this.#entries.set(key, entry)
  }

  /** Takes the next record of its partition. Throws what `apply` throws, and a RangeError for one key too many. */
  take(record: Incoming): void {
    const key = keyOf(record)
    if (key === null) return // nobody's
    const entry = this.get(key)
    const standing = judged(entry, record)
    if (standing === null) {
      this.#rejected++
      return
    }
    if (!this.#entries.has(key) && this.#entries.size >= this.#most)
      throw new RangeError(`There are more than ${this.#most} keys.`)
    const state = happened(record, key).reduce((state, event) => this.#definition.apply(state, event), entry.state)
    this.#entries.set(key, { ...standing, state })
    this.#changed.add(key)
  }

  /** What has changed since the last time it was asked. */
  *changes(): Iterable<readonly [string, Entry<State>]> {
    for (const key of this.#changed) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) yield [key, entry]
    }
    this.#changed.clear()
  }
}
