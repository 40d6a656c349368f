import { every, pause } from '../../clock.ts'
import type { Incoming, Reading } from '../broker.ts'
import { isSameLog, logOf } from '../past.ts'
import type { Readable } from '../readied.ts'
import { Window } from './window.ts'
import type { WindowBound } from './window.ts'

/** Who hears of a topic. */
export interface Listener {
  record(record: Incoming): void
  /** What stood from `from` to below `to` will not come; when `to` is not above, the log was made anew. */
  moved(topic: string, partition: number, from: number, to: number): void
}

const pageBytes = 1_048_576
const growthMs = 10_000
const settleMs = 20

/** The live end of a topic: one reader for each partition, whoever and how many listen. */
export class Tail implements AsyncDisposable {
  readonly topic: string
  readonly #broker: Readable
  readonly #bound: WindowBound
  readonly #listeners = new Set<Listener>()
  readonly #windows: Window[] = []
  readonly #readings: Reading[] = []
  #growth: Disposable | null = null
  #log = 0
  #closed = false

  constructor(broker: Readable, topic: string, bound: WindowBound) {
    this.#broker = broker
    this.topic = topic
    this.#bound = bound
  }

  /** The latest records, by partition. */
  get windows(): readonly Window[] {
    return this.#windows
  }

  /** Which log the offsets are in: another one once the topic was made anew. */
  get log(): number {
    return this.#log
  }

  get healthy(): boolean {
    return this.#readings.length > 0 && this.#readings.every(({ healthy }) => healthy)
  }

  /** Resolves when it is at the end, with the records before it in the windows. Throws a Problem: it may be opened again. */
  async open(): Promise<void> {
    if (this.#readings.length > 0) return
    const { past } = this.#broker
    const { topic } = this
    const firsts = await past.offsets(topic, 'earliest')
    const ends = await past.offsets(topic, 'end')
    const windows: Window[] = []
    for (const [partition, end] of ends.entries()) {
      const first = Math.max(Number(firsts[partition] ?? 0n), Number(end) - this.#bound.records)
      const window = new Window(first, this.#bound)
      for (let next = BigInt(first); next < end;) {
        const page = await past.page({ topic, partition, from: next, maxBytes: pageBytes })
        for (const record of page.records) window.push(record)
        if (page.next <= next) break
        next = page.next
        window.advance(Number(next))
      }
      windows.push(window)
    }
    this.#windows.splice(0, Infinity, ...windows)
    this.#log = logOf(past.id(topic))
    await this.#read(windows.map((_, partition) => partition))
    this.#growth = every(growthMs, () => void this.#grow().catch(() => {})) // the next look may succeed
  }

  listen(listener: Listener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /**
   * Waits until a position has been reached that another reader was at, which may be ahead of this one, or stand behind offsets
   * without records. False: the log ends before it, so it is another log.
   */
  async settle(partition: number, position: number): Promise<boolean> {
    for (;;) {
      const window = this.#windows[partition]
      if (window === undefined || window.next >= position || this.#closed) return true
      const { end } = await this.peek(partition)
      if (end < position) return false
      if (window.next < position) await pause(settleMs)
    }
  }

  /** Looks whether offsets without records stand before the end: no reader is told of them. */
  async peek(partition: number): Promise<Readonly<{ end: number }>> {
    const window = this.#windows[partition]
    if (window === undefined) return { end: 0 }
    const { next } = window
    const { past } = this.#broker
    const page = await past.page({ topic: this.topic, partition, from: BigInt(next), maxBytes: pageBytes })
    if (page.records.length === 0 && window.next === next) window.advance(Number(page.next))
    return { end: Number(page.end) }
  }

  async #read(partitions: readonly number[]): Promise<void> {
    const reading = await this.#broker.subscribe(
      {
        topic: this.topic,
        partitions,
        from: { offsets: this.#windows.map(({ next }) => BigInt(next)) },
        lost: 'earliest',
        moved: (partition, to) => this.#moved(partition, Number(to)),
      },
      record => this.#take(record),
    )
    if (this.#closed) await reading[Symbol.asyncDispose]()
    else this.#readings.push(reading)
  }

  #take(record: Incoming): void {
    const window = this.#windows[record.partition]
    if (window === undefined || Number(record.offset) < window.next) return
    window.push(record)
    for (const listener of this.#listeners) listener.record(record)
  }

  #moved(partition: number, to: number): void {
    const window = this.#windows[partition]
    if (window === undefined) return
    const from = window.next
    const log = logOf(this.#broker.past.id(this.topic))
    if (!isSameLog(log, this.#log)) for (const other of this.#windows) other.restart(0)
    this.#log = log
    window.restart(to)
    for (const listener of this.#listeners) listener.moved(this.topic, partition, from, to)
  }

  /** Partitions that were added are read from their beginning. */
  async #grow(): Promise<void> {
    const count = (await this.#broker.past.offsets(this.topic, 'end')).length
    const added: number[] = []
    while (this.#windows.length < count) added.push(this.#windows.push(new Window(0, this.#bound)) - 1)
    if (added.length > 0 && !this.#closed) await this.#read(added)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#growth?.[Symbol.dispose]()
    await Promise.all(this.#readings.map(reading => reading[Symbol.asyncDispose]()))
  }
}
