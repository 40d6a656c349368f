/**
 * A place in a ring, and a ring without anybody: who joins one stands at its end. Leaving from the middle costs the same at any
 * length, and who has left holds nobody.
 */
export class Linked {
  before: Linked = this
  next: Linked = this

  /** Whether nobody else is in its ring. */
  get alone(): boolean {
    return this.next === this
  }

  /** Goes to the end of the ring. */
  join(ring: Linked): void {
    this.before = ring.before
    this.next = ring
    ring.before.next = this
    ring.before = this
  }

  part(): void {
    this.before.next = this.next
    this.next.before = this.before
    this.next = this.before = this
  }
}
