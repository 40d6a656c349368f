import { SortedKeys } from './keys.ts'
import { weigh } from './rows.ts'
import { nothingKept } from '../past.ts'
import type { Kept } from '../past.ts'
import type { Entry, Range, Row, Rows } from './rows.ts'

/** The rows of a view in memory. What is not listed is not sorted. */
export class MemoryRows implements Rows {
  readonly #rows = new Map<string, Row>()
  readonly #keys: SortedKeys | null
  readonly #indices: readonly Map<string, SortedKeys>[]
  kept: Kept = nothingKept
  bytes = 0

  constructor({ listed, indices }: Readonly<{ listed: boolean; indices: number }>) {
    this.#keys = listed ? new SortedKeys() : null
    this.#indices = Array.from({ length: indices }, () => new Map<string, SortedKeys>())
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  set(key: string, row: Row): void {
    const old = this.#rows.get(key)
    if (old !== undefined) this.#let(key, old)
    else this.#keys?.add(key)
    this.#rows.set(key, row)
    this.bytes += weigh(key, row)
    for (const [at, index] of this.#indices.entries()) {
      const value = row.indexed[at] ?? null
      if (value === null) continue
      const keys = index.get(value) ?? new SortedKeys()
      index.set(value, keys)
      keys.add(key)
    }
  }

  delete(key: string): void {
    const old = this.#rows.get(key)
    if (old === undefined) return
    this.#let(key, old)
    this.#rows.delete(key)
    this.#keys?.delete(key)
  }

  list({ prefix, after, index, limit }: Range): readonly Entry[] {
    const keys = index === null ? this.#keys : this.#indices[index.at]?.get(index.value)
    const entries: Entry[] = []
    const start = after !== null && after >= prefix ? after : prefix
    for (const key of keys?.from(start) ?? []) {
      if (entries.length >= limit || !key.startsWith(prefix)) break
      const row = this.#rows.get(key)
      if (key !== after && row !== undefined) entries.push([key, row])
    }
    return entries
  }

  all(): Iterable<Entry> {
    return this.#rows
  }

  commit(kept: Kept): void {
    this.kept = kept
  }

  forget(partition: number): void {
    for (const [key, row] of this.#rows) if (row.partition === partition) this.delete(key)
  }

  #let(key: string, row: Row): void {
    this.bytes -= weigh(key, row)
    for (const [at, index] of this.#indices.entries()) {
      const value = row.indexed[at] ?? null
      const keys = value === null ? undefined : index.get(value)
      if (value === null || keys === undefined) continue
      keys.delete(key)
      if (keys.size === 0) index.delete(value)
    }
  }

  [Symbol.dispose](): void {
    this.#rows.clear()
  }
}
