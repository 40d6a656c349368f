const most = 1_024

/** Keys in order, in pieces of at most a thousand: adding, taking away and walking on from anywhere cost little among a million. */
export class SortedKeys {
  readonly #pieces: string[][] = [[]]
  #size = 0

  get size(): number {
    return this.#size
  }

  add(key: string): void {
    const at = this.#pieceOf(key)
    const piece = this.#pieces[at] as string[]
    const place = search(piece, key)
    if (piece[place] === key) return
    piece.splice(place, 0, key)
    this.#size++
    if (piece.length > most) this.#pieces.splice(at + 1, 0, piece.splice(most / 2))
  }

  delete(key: string): void {
    const at = this.#pieceOf(key)
    const piece = this.#pieces[at] as string[]
    const place = search(piece, key)
    if (piece[place] !== key) return
    piece.splice(place, 1)
    this.#size--
    if (piece.length === 0 && this.#pieces.length > 1) this.#pieces.splice(at, 1)
  }

  /** The keys at or above this one. */
  *from(key: string): Iterable<string> {
    let at = this.#pieceOf(key)
    let place = search(this.#pieces[at] as string[], key)
    for (let piece = this.#pieces[at]; piece !== undefined; piece = this.#pieces[++at], place = 0)
      for (; place < piece.length; place++) yield piece[place] as string
  }

  /** The last piece that does not begin above the key. */
  #pieceOf(key: string): number {
    let low = 0
    let high = this.#pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#pieces[middle]?.[0] ?? '') <= key) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** The first place whose key is not below. */
function search(piece: readonly string[], key: string): number {
  let low = 0
  let high = piece.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((piece[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
