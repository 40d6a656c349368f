type Task = () => Promise<void>
type Ready = Readonly<{ lane: string | null; task: Task }>

/**
 * Runs tasks at most `slots` at once: those of one lane one after another in the order they came, those without a lane
 * whenever there is a slot. A task that waits for the one before it in its lane takes no slot.
 */
export class Lanes {
  readonly #slots: number
  readonly #behind = new Map<string, Task[]>() // of each lane that has a task ready or running, those behind it
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

  /** Forgets what has not begun. */
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
