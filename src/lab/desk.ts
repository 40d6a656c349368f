import { after, now } from '../clock.ts'
import type { Alarm, Instant } from '../clock.ts'

/** Work that waits for a place. `begin` is asked when its turn comes: false when it is not wanted any more, and takes no time. */
export type Piece = Readonly<{ serviceMs: number; begin: () => boolean; end: () => void }>
type Waiting = Piece & Readonly<{ came: Instant }>

/**
 * So many places at which work takes its time: what a worker can do in a second is their number ÷ the time, and not less because
 * a timer rang late. A place whose work should have ended by then begins the next from that moment.
 */
export class Desk {
  #free: Instant[]
  #alarms = new Set<Alarm>()
  #queue: Waiting[] = []
  #head = 0
  #idle = Promise.withResolvers<void>()
  #halted: (() => void)[] | null = null // what would have ended meanwhile

  constructor(places: number) {
    this.#free = Array.from({ length: places }, () => 0 as Instant)
  }

  get waiting(): number {
    return this.#queue.length - this.#head
  }

  add(piece: Piece): void {
    this.#queue.push({ ...piece, came: now() })
    this.#fill()
  }

  /** Nothing begins and nothing ends, as if the process stood still. */
  halt(): void {
    this.#halted ??= []
  }

  /** Goes on: what should have ended ends now. */
  resume(): void {
    const due = this.#halted ?? []
    this.#halted = null
    this.#free = this.#free.map(freeAt => Math.max(freeAt, now()) as Instant)
    for (const end of due) end()
    this.#fill()
  }

  /** Resolves when all that came has ended. */
  async idle(): Promise<void> {
    this.#idle = Promise.withResolvers()
    if (!this.#isIdle()) await this.#idle.promise
  }

  /** Forgets everything; what has begun does not end. */
  close(): void {
    for (const alarm of this.#alarms) alarm.cancel()
    this.#free = []
    this.#queue = []
    this.#head = 0
  }

  #fill(): void {
    while (this.#halted === null && this.#head < this.#queue.length) {
      const place = this.#earliest()
      const freeAt = this.#free[place]
      if (freeAt === undefined || freeAt > now()) break
      const { came, serviceMs, begin, end } = this.#queue[this.#head++] as Waiting
      if (!begin()) continue
      const endAt = (Math.max(came, freeAt) + serviceMs) as Instant
      this.#free[place] = endAt
      const alarm = after(endAt - now(), () => {
        this.#alarms.delete(alarm)
        if (this.#halted === null) {
          end()
          this.#fill()
          if (this.#isIdle()) this.#idle.resolve()
        } else this.#halted.push(end)
      })
      this.#alarms.add(alarm)
    }
    if (this.#head < 1_000 && this.#head < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }

  #isIdle(): boolean {
    return this.waiting === 0 && this.#alarms.size === 0
  }

  #earliest(): number {
    let first = 0
    for (let place = 1; place < this.#free.length; place++)
      if ((this.#free[place] ?? Infinity) < (this.#free[first] ?? Infinity)) first = place
    return first
  }
}
