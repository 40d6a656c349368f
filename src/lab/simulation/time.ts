type Task = {
  due: number
  readonly order: number
  readonly run: () => void
  readonly everyMs: number | null
  off: boolean
}

const turn = setImmediate // the real one
const hourMs = 3_600_000
/** In steps that sums of numbers have room for, so that what takes so long does at any time of the day. */
const exactly = (ms: number): number => Math.ceil(ms * 1_024) / 1_024

/**
 * A clock of a process that runs as quickly as there is work: timers ring in their order, and time jumps from one to the next.
 * Everything that asks for the time or sets a timer in the usual ways is told this one's, policies and libraries alike.
 */
export class VirtualTime {
  readonly #tasks: Task[] = [] // a binary heap: the next one first
  readonly #epoch: number
  #now: number
  #orders = 0
  #immediates = 0 // that somebody waits for
  #moments = 0

  /** `upMs`: for so long the process has been up, of which `epoch` is the beginning. */
  constructor(epoch = 1_700_000_000_000, upMs = 0) {
    this.#epoch = epoch
    this.#now = upMs
  }

  get now(): number {
    return this.#now
  }

  /** Goes on to the next whole hour, where what begins is the same as in any other hour. */
  turnTheHour(): void {
    this.#now = hourMs * (Math.floor(this.#now / hourMs) + 1)
  }

  /** From now on this process has this time. There is no way back. */
  install(): void {
    const set = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): object =>
      this.#handle(() => run(...args), Math.max(1, ms), null)
    const repeat = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): object =>
      this.#handle(() => run(...args), Math.max(1, ms), Math.max(1, ms))
    const clear = (handle?: { off?: () => void } | null): void => handle?.off?.()
    const immediate = (run: (...args: unknown[]) => void, ...args: unknown[]): object => {
      this.#immediates++
      return turn(() => {
        this.#immediates--
        run(...args)
      })
    }
    Object.assign(globalThis, {
      setTimeout: set,
      setInterval: repeat,
      clearTimeout: clear,
      clearInterval: clear,
      setImmediate: immediate,
    })
    Object.defineProperty(globalThis.performance, 'now', { value: () => this.#now })
    globalThis.Date.now = () => Math.floor(this.#epoch + this.#now)
  }

  /** Lets promises settle and files be read, such as modules, without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet++) {
      await new Promise<void>(resolve => turn(resolve))
      if (process.getActiveResourcesInfo().some(name => name.startsWith('FSReq'))) quiet = 0
    }
  }

  /** Lets time pass until it is over, or nothing is due any more. */
  async run(over: () => boolean): Promise<void> {
    await this.settle()
    while (!over()) {
      const first = this.#tasks[0]
      if (first === undefined) return
      this.#now = Math.max(this.#now, first.due)
      while ((this.#tasks[0]?.due ?? Infinity) <= this.#now) this.#ring(this.#take())
      await this.#promises()
    }
  }

  /** Between two moments promises settle; a turn of the event loop, which is dear, is for whoever waits for one, and now and then. */
  async #promises(): Promise<void> {
    await new Promise<void>(resolve => process.nextTick(resolve))
    if (this.#immediates > 0 || this.#moments++ % 64 === 0) await new Promise<void>(resolve => turn(resolve))
  }

  #handle(run: () => void, ms: number, everyMs: number | null): object {
    const task: Task = { due: this.#now + exactly(ms), order: this.#orders++, run, everyMs, off: false }
    this.#add(task)
    const handle = {
      off: () => (task.off = true),
      ref: () => handle,
      unref: () => handle,
      hasRef: () => true,
      refresh: () => handle,
    }
    return handle
  }

  #ring(task: Task): void {
    if (task.off) return
    if (task.everyMs !== null) {
      task.due = this.#now + task.everyMs
      this.#add(task)
    }
    task.run()
  }

  #add(task: Task): void {
    const tasks = this.#tasks
    let at = tasks.push(task) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!before(task, tasks[above] as Task)) break
      tasks[at] = tasks[above] as Task
      at = above
    }
    tasks[at] = task
  }

  #take(): Task {
    const tasks = this.#tasks
    const first = tasks[0] as Task
    const last = tasks.pop() as Task
    if (tasks.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= tasks.length) break
      if (below + 1 < tasks.length && before(tasks[below + 1] as Task, tasks[below] as Task)) below++
      if (!before(tasks[below] as Task, last)) break
      tasks[at] = tasks[below] as Task
      at = below
    }
    tasks[at] = last
    return first
  }
}

const before = (a: Task, b: Task): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)
