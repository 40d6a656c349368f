const few = 3 // calls of one partition that any window may hold
const often = 4 // times the calls of a window: after so many it is clear that there are hardly others

/**
 * Which calls make up a window. Of one partition there are only so many as its share: the orders of a hot key wait for each
 * other, which is no queue of the worker. Where hardly any other partition is used, that share is all there is.
 */
export class WindowMembers {
  #of = new Uint16Array(16)
  #count = 0
  #seen = 0
  #lonely = false

  get count(): number {
    return this.#count
  }

  /** A call of a partition, which may have `share` of the window: whether it becomes one of the `wanted`. */
  join(partition: number, share: number, wanted: number): boolean {
    if (this.#count >= wanted) return false
    this.#seen++
    if (partition >= this.#of.length) this.#grow(partition)
    const own = this.#of[partition] as number
    if (share < 1 && own >= Math.max(few, this.#count * share) && !this.#lonely) {
      this.#lonely = this.#seen > often * wanted
      return false
    }
    this.#of[partition] = own + 1
    this.#count++
    return true
  }

  /** One of them says nothing. */
  skip(): void {
    this.#count--
  }

  /** Another window begins. Whether others are there is seen anew when one partition had less than all but a few of this. */
  clear(): void {
    this.#lonely &&= Math.max(...this.#of) > this.#count - few
    this.#of.fill(0)
    this.#count = this.#seen = 0
  }

  #grow(partition: number): void {
    const of = new Uint16Array(2 ** Math.ceil(Math.log2(partition + 1)))
    of.set(this.#of)
    this.#of = of
  }
}
