import { pause } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Sink } from '../../feed.ts'
import type { Incoming } from '../broker.ts'
import { isSameLog } from '../past.ts'
import type { Past } from '../past.ts'
import { matches } from './filter.ts'
import type { Wish } from './filter.ts'
import type { Places } from './places.ts'
import type { Offsets, Position } from './position.ts'
import type { Stream } from './stream.ts'
import type { Tail } from './tail.ts'
import type { Window } from './window.ts'

/** What a client wants: which records, from where on, and (null: never) up to where. */
export type Visit = Readonly<{ wish: Wish; start: Position; until: Offsets | null }>
export type VisitParts = Readonly<{ stream: Stream; past: Past; places: Places }>

/** So much is read at once for one client, before it is asked whether it has read what it got. */
const stepBytes = 65_536
const paceMs = 1
const againMs = 500

/**
 * One client on its way: from the past in steps of its own pace, until what is left stands in the windows and is handed over at
 * once, in the same turn in which it joins those who hear what comes. So there is neither a gap nor a double.
 */
export class Visitor implements Disposable {
  readonly #parts: VisitParts
  readonly #visit: Visit
  readonly #sink: Sink
  readonly #offsets: number[][]
  readonly #logs: number[]
  readonly #ends: (readonly number[])[] | null
  #live: Disposable | null = null
  #left = false

  constructor(parts: VisitParts, visit: Visit, sink: Sink) {
    this.#parts = parts
    this.#visit = visit
    this.#sink = sink
    this.#offsets = parts.stream.tails.map((tail, at) => startOf(tail, visit.start.offsets[at] ?? []))
    this.#logs = parts.stream.tails.map((tail, at) => visit.start.logs[at] || tail.log)
    this.#ends = visit.until === null ? null : [...visit.until]
    if (!this.#arrive()) void this.#go()
  }

  [Symbol.dispose](): void {
    this.#left = true
    this.#live?.[Symbol.dispose]()
  }

  get #gone(): boolean {
    return this.#left || this.#sink.gone
  }

  async #go(): Promise<void> {
    const { stream } = this.#parts
    this.#sink.write(this.#sink.format.beat(null))
    while (!this.#gone)
      try {
        if (this.#arrive()) return
        for (const [at, tail] of stream.tails.entries()) await this.#step(at, tail)
        await pause(paceMs)
      } catch (cause) {
        if (events.warning.hasSubscribers)
          events.warning.publish({
            what: `A client of ${stream.route} cannot go on: the past is not to be read.`,
            cause,
          })
        await pause(againMs)
      }
  }

  /** One step further in each partition of a topic. */
  async #step(at: number, tail: Tail): Promise<void> {
    if (!isSameLog(tail.log, this.#logs[at] ?? 0)) await this.#restart(at, tail)
    for (let partition = 0; partition < tail.windows.length && !this.#gone; partition++) {
      const window = tail.windows[partition]
      const position = (this.#positions(at)[partition] ??= 0)
      const until = this.#until(at, partition)
      if (window === undefined || position >= until) continue
      if (position === window.next && until === Infinity) continue
      if (position >= window.next) {
        if (!(await tail.settle(partition, position > window.next ? position : until)))
          await this.#restart(at, tail, [partition])
      } else if (position >= window.first) this.#fromWindow(at, window, partition)
      else await this.#fromPast(at, tail, partition)
      await this.#sink.drained()
    }
  }

  #fromWindow(at: number, window: Window, partition: number): void {
    const positions = this.#positions(at)
    const until = this.#until(at, partition)
    let left = stepBytes
    for (const record of window.from(positions[partition] ?? 0)) {
      if (Number(record.offset) >= until) break
      if (left <= 0) return
      left -= this.#tell(at, record)
    }
    positions[partition] = Math.min(until, window.next) // behind the last record may be offsets without any
  }

  async #fromPast(at: number, tail: Tail, partition: number): Promise<void> {
    const { past, places, stream } = this.#parts
    const { topic } = tail
    const positions = this.#positions(at)
    using _place = await places.take()
    if (this.#gone) return
    const from = positions[partition] ?? 0
    const page = await past.page({ topic, partition, from: BigInt(from), maxBytes: stepBytes })
    if (this.#gone) return
    const first = Number(page.first)
    if (from < first) {
      positions[partition] = first
      this.#sink.write(this.#sink.format.gap(stream.gap(this.#position, topic, partition, from, first)))
      return
    }
    if (from > Number(page.end)) return await this.#restart(at, tail, [partition])
    const limit = Math.min(this.#until(at, partition), tail.windows[partition]?.first ?? 0)
    for (const record of page.records) if (Number(record.offset) < limit) this.#tell(at, record)
    positions[partition] = Math.max(positions[partition] ?? 0, Math.min(Number(page.next), limit))
  }

  /** The log was made anew: it begins where the new one does, and says so once its position is one of the new log. */
  async #restart(at: number, tail: Tail, partitions: Iterable<number> = tail.windows.keys()): Promise<void> {
    const { past, stream } = this.#parts
    const positions = this.#positions(at)
    const before = [...positions]
    const { log, topic } = tail
    const firsts = await past.offsets(topic, 'earliest')
    const lasts = await past.offsets(topic, 'end')
    if (this.#gone) return
    const moved = [...partitions]
    for (const partition of moved) positions[partition] = Number(firsts[partition] ?? 0n)
    // an end in the log that was is at most the end of the new one
    if (this.#ends !== null)
      this.#ends[at] = (this.#ends[at] ?? []).map((end, partition) => Math.min(end, Number(lasts[partition] ?? 0n)))
    this.#logs[at] = log
    for (const partition of moved) {
      const [from, to] = [before[partition] ?? 0, positions[partition] ?? 0]
      this.#sink.write(this.#sink.format.gap(stream.gap(this.#position, topic, partition, from, to)))
    }
  }

  /** Whether it has come to its end, or to the present one, where it joins the others. */
  #arrive(): boolean {
    const { stream } = this.#parts
    if (this.#ends !== null) {
      if (!this.#isOver()) return false
      this.#sink.end(null)
      return true
    }
    let bytes = 0
    for (const [at, { windows, log }] of stream.tails.entries())
      for (const [partition, window] of windows.entries()) {
        const position = this.#positions(at)[partition] ?? 0
        if (!isSameLog(log, this.#logs[at] ?? 0)) return false
        if (position < window.first || position > window.next) return false
        if (position < window.next) bytes += window.weight(position)
        if (bytes > stepBytes) return false
      }
    for (const [at, tail] of stream.tails.entries())
      for (const [partition, window] of tail.windows.entries()) this.#fromWindow(at, window, partition)
    this.#live = stream.admit(this.#sink, this.#visit.wish)
    this.#sink.write(this.#sink.format.beat(stream.id))
    return true
  }

  #isOver(): boolean {
    return (this.#ends ?? []).every((ends, at) =>
      ends.every((end, partition) => (this.#positions(at)[partition] ?? 0) >= end),
    )
  }

  get #position(): Position {
    return { offsets: this.#offsets, logs: this.#logs }
  }

  #positions(at: number): number[] {
    return this.#offsets[at] as number[]
  }

  #until(at: number, partition: number): number {
    return this.#ends === null ? Infinity : (this.#ends[at]?.[partition] ?? 0)
  }

  /** Tells the client if it wants the record, and goes past it in any case. Returns its bytes. */
  #tell(at: number, record: Incoming): number {
    const { stream } = this.#parts
    this.#positions(at)[record.partition] = Number(record.offset) + 1
    const seen = stream.look(record)
    if (seen === null || !matches(this.#visit.wish, seen.found)) return recordBytes
    const bytes = this.#sink.format.record({ ...seen.content(), id: stream.codec.encode(this.#position) })
    this.#sink.write(bytes)
    return bytes.length
  }
}

/** What a record that is passed over counts in a step. */
const recordBytes = 64

/** Partitions that the position does not know were added after it, and those that are no longer there are forgotten. */
const startOf = ({ windows }: Tail, offsets: readonly number[]): number[] =>
  windows.map((_, partition) => offsets[partition] ?? 0)
