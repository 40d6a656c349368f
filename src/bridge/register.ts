/** An entry of a register: its number, at least 0, and the next entry in the same bucket. */
export interface Entry<T> {
  sequence: number
  behind: T | null
}

const fewest = 1_024

/**
 * Finds entries by number: a hash table whose chains run through the entries themselves (Knuth, The Art of Computer
 * Programming, vol. 3, 6.4). A Map would keep short-lived objects alive: docs/decisions/0016.
 */
export class Register<T extends Entry<T>> {
  #places: (T | null)[] = empty(fewest)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Does nothing when the entry is inside. */
  add(entry: T): void {
    if (this.get(entry.sequence) === entry) return
    if (this.#size++ === this.#places.length) this.#grow()
    put(this.#places, entry)
  }

  get(sequence: number): T | null {
    let entry = this.#places[sequence & (this.#places.length - 1)] as T | null
    while (entry !== null && entry.sequence !== sequence) entry = entry.behind
    return entry
  }

  /** Does nothing when the entry is not inside. */
  delete(entry: T): void {
    const place = entry.sequence & (this.#places.length - 1)
    let before: T | null = null
    let found = this.#places[place] as T | null
    while (found !== entry) {
      if (found === null) return
      before = found
      found = found.behind
    }
    if (before === null) this.#places[place] = entry.behind
    else before.behind = entry.behind
    entry.behind = null
    if (--this.#size === 0 && this.#places.length > fewest) this.#places = empty(fewest)
  }

  /** Removes all entries and returns them. */
  clear(): T[] {
    const all = [...this.all()]
    for (const entry of all) this.delete(entry)
    return all
  }

  #grow(): void {
    const places = empty<T>(2 * this.#places.length)
    for (const entry of this.all()) put(places, entry)
    this.#places = places
  }

  /** All entries, in no order. Whoever is handed one may take it out. */
  *all(): Generator<T> {
    for (let entry of this.#places)
      while (entry !== null) {
        const { behind }: T = entry // read first, as the receiver may put the entry elsewhere
        yield entry
        entry = behind
      }
  }
}

const empty = <T>(count: number): (T | null)[] => Array.from({ length: count }, () => null)

function put<T extends Entry<T>>(places: (T | null)[], entry: T): void {
  const place = entry.sequence & (places.length - 1)
  entry.behind = places[place] as T | null
  places[place] = entry
}
