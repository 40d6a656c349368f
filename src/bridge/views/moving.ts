import type { Kept } from '../past.ts'
import type { Entry, Range, Row, Rows } from './rows.ts'

const piece = 500 // rows, which take a few milliseconds

/**
 * Rows on their way from memory into a file, in pieces, so that the process serves others meanwhile. A key is in one of the two. The file
 * commits nothing before all are in it: a process that ends on the way leaves an empty file.
 */
export class MovingRows implements Rows {
  readonly #from: Rows
  readonly #to: Rows
  readonly bytes = 0 // nothing is added to memory any more

  constructor(from: Rows, to: Rows) {
    this.#from = from
    this.#to = to
  }

  /** Moves a piece. True when all is moved: from then on the file is to be asked. Throws what the file does. */
  move(): boolean {
    let moved = 0
    for (const [key, row] of this.#from.all()) {
      if (moved++ === piece) return false
      this.set(key, row)
    }
    return true
  }

  get size(): number {
    return this.#from.size + this.#to.size
  }

  get kept(): Kept {
    return this.#from.kept
  }

  get(key: string): Row | undefined {
    return this.#from.get(key) ?? this.#to.get(key)
  }

  set(key: string, row: Row): void {
    this.#to.set(key, row)
    this.#from.delete(key)
  }

  delete(key: string): void {
    this.#to.delete(key)
    this.#from.delete(key)
  }

  list(range: Range): readonly Entry[] {
    const entries = [...this.#from.list(range), ...this.#to.list(range)]
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, range.limit)
  }

  *all(): Iterable<Entry> {
    yield* this.#from.all()
    yield* this.#to.all()
  }

  commit(): void {}

  forget(partition: number): void {
    this.#from.forget(partition)
    this.#to.forget(partition)
  }

  [Symbol.dispose](): void {
    this.#from[Symbol.dispose]()
    this.#to[Symbol.dispose]()
  }
}
