type Task = () => Promise<void>
type Ready = Readonly<{ lane: string | null; task: Task }>

/**
 * Runs at most `slots` tasks at once. Tasks of one lane run one after another in the order they came; tasks without a lane
 * run whenever a slot is free. A task that waits for the one before it in its lane takes no slot.
 */
export class Lanes {
  readonly #slots: number
  readonly #behind = new Map<string, Task[]>() // for each lane with a task ready or running: the tasks behind it
  #ready: Ready[] = []
  #running = 0

  constructor(slots: number) {
    this.#slots = slots
  }

  get running(): number {
    return this.#running
  }

  /** Lanes in use: for tests. */
  get size(): number {
    return this.#behind.size
  }

  add(lane: string | null, task: Task): void {
    if (lane !== null) {
      const behind = this.#behind.get(lane)
      if (behind !== undefined) {
        behind.push(task)
        return
      }
      this.#behind.set(lane, [])
    }
    this.#ready.push({ lane, task })
    this.#fill()
  }

  /** Drops the tasks that have not begun. */
  clear(): void {
    for (const { lane } of this.#ready) if (lane !== null) this.#behind.delete(lane)
    this.#ready = []
    for (const behind of this.#behind.values()) behind.length = 0
  }

  #fill(): void {
    while (this.#running < this.#slots) {
      const next = this.#ready.shift()
      if (next === undefined) return
      this.#running++
      const free = (): void => this.#free(next.lane)
      next.task().then(free, free)
    }
  }

  #free(lane: string | null): void {
    this.#running--
    if (lane !== null) {
      const task = this.#behind.get(lane)?.shift()
      if (task === undefined) this.#behind.delete(lane)
      else this.#ready.push({ lane, task })
    }
    this.#fill()
  }
}

/** The lane of a record: its key. */
export const laneOf = (key: Uint8Array | null): string | null =>
  key === null ? null : Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
