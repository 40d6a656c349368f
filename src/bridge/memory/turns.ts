const batch = 512 // records handed to one follower before others, and the sockets, have their turn

/** Who reads a partition and waits for its turn. */
export interface Waking {
  /** In the queue of the turns. */
  waits: boolean
  /** Hands over what is there, at most `limit` records. */
  take(limit: number): void
}

/** Delivers in turns of the event loop, never inside a publish: what gathered meanwhile comes together. */
export class Turns {
  #queue: Waking[] = []
  #scheduled = false
  #halted = false
  /** Turns begun so far. */
  count = 0

  get halted(): boolean {
    return this.#halted
  }

  wake(follower: Waking): void {
    if (follower.waits) return
    follower.waits = true
    this.#queue.push(follower)
    this.schedule()
  }

  /** Makes sure that there is a next turn. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  /** Nothing is delivered until `resume`. */
  halt(): void {
    this.#halted = true
  }

  resume(): void {
    this.#halted = false
    this.schedule()
  }

  readonly #run = (): void => {
    this.#scheduled = false
    this.count++
    if (this.#halted) return
    const queue = this.#queue
    this.#queue = []
    for (const follower of queue) {
      follower.waits = false
      follower.take(batch)
    }
  }
}
