import { after, later, pause, until } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import { atEndOfTurn } from '../turn.ts'
import type { Connection } from './connection.ts'

/** How often the connections are looked at while they are closed gently. */
const looks = 16
/** A connection that was idle in so many looks in a row is closed: one in use gets `Connection: close` with its next answer. */
const settled = 4
/** The looks at those that are left once the time is over, and how long nothing may have happened to call it quiet. */
const quietMs = 25

/** The open connections of a server, and how they come to an end. */
export class Connections implements Disposable {
  readonly #all = new Set<Connection>() // in the order they came
  #alarm: Alarm | null = null
  #cutting: Alarm | null = null
  #closed = false

  get count(): number {
    return this.#all.size
  }

  /** The method of each request that is not answered yet. */
  *methods(): Iterable<string> {
    for (const { open } of this.#all) for (const { method } of open) yield method
  }

  add(connection: Connection): void {
    this.#all.add(connection)
  }

  remove(connection: Connection): void {
    this.#all.delete(connection)
  }

  /** Closes the idle ones gently, evenly spread over this time, and afterwards whatever becomes idle. */
  closeIdle(overMs: number): void {
    const stepMs = Math.max(1, overMs / looks)
    let left = looks
    const look = (): void => {
      if (this.#closed) return
      this.#closeSome(left)
      left = Math.max(1, left - 1)
      next()
    }
    // at the end of the turn: what has arrived by then has been read
    const next = (): void => void (this.#alarm = after(left > 1 ? stepMs : quietMs, () => atEndOfTurn(look)))
    this.#alarm?.cancel()
    next()
  }

  /** Tells all of them that they will end, as far as their protocol can. */
  notice(): void {
    for (const connection of this.#all) connection.notice()
  }

  /** Ends those whose listener does not: what is under way is answered, and cut off when it takes longer. */
  closeStreams(limitMs: number): void {
    const streamed = [...this.#all].filter(({ multiplexed }) => multiplexed)
    for (const connection of streamed) connection.close()
    this.#cutting = after(limitMs, () => {
      for (const connection of streamed) connection.cut()
    })
  }

  #closeSome(steps: number): void {
    const idle = [...this.#all].filter(connection => connection.look() >= settled && !connection.broken)
    for (const connection of idle.slice(0, Math.ceil(idle.length / steps))) connection.close()
  }

  /** Resolves with true in a moment in which no request is open and none has come of late; with false when there is none in time. */
  async quiet(limitMs: number, come: () => number): Promise<boolean> {
    for (const end = later(limitMs); until(end) > 0;) {
      const before = come()
      await pause(Math.min(quietMs, until(end)))
      if (before === come() && this.#every(({ idle }) => idle)) return true
    }
    return false
  }

  /** Resolves once every connection has had its last answer. */
  async finished(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#every(({ idle, broken }) => idle && broken)) await pause(quietMs, signal)
  }

  #every(holds: (connection: Connection) => boolean): boolean {
    for (const connection of this.#all) if (!holds(connection)) return false
    return true
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#alarm?.cancel()
    this.#cutting?.cancel()
  }
}
