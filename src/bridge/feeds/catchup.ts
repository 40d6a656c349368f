import { pause } from '../../clock.ts'
import type { Incoming } from '../broker.ts'
import { isSameLog, nothingKept } from '../past.ts'
import type { Kept, Past } from '../past.ts'
import type { Listener, Tail } from './tail.ts'

/** How far the reading of what there is has come, in offsets. */
export type Progress = Readonly<{ done: number; of: number }>
/** Who is told how a topic stands: a sentence while it cannot be asked, null once it can. */
export type Tell = (topic: string, why: string | null) => void

/** Who takes all of a topic, each record once and in the order of its partition. */
export interface Taker {
  take(record: Incoming): void
  /** The log of the partition was made anew: what was taken of it is no more. */
  forget(partition: number): void
  /** It has taken all up to the position of the partition; `live`: a record that just came. */
  came(partition: number, live: boolean): void
  /** Why it takes nothing more; null while it does. */
  readonly failure: string | null
}

const pageBytes = 1_048_576
const againMs = 10
const tellMs = 100

/** Reads a topic from where an earlier start had come, in pages, and then goes on with what comes: over the one reader that all share. */
export class CatchUp implements Listener, Disposable {
  readonly #tail: Tail
  readonly #past: Past
  readonly #taker: Taker
  readonly #positions: number[]
  readonly #live: boolean[] = []
  #log: number // that the positions are in
  #listening: Disposable | null = null
  #of = 0
  #ready = false

  constructor({ tail, past }: Readonly<{ tail: Tail; past: Past }>, taker: Taker, kept: Kept = nothingKept) {
    this.#tail = tail
    this.#past = past
    this.#taker = taker
    this.#positions = [...kept.positions]
    this.#log = kept.log
  }

  /** Whether it has caught up once. */
  get ready(): boolean {
    return this.#ready
  }

  get progress(): Progress {
    return { done: this.#positions.reduce((sum, next) => sum + next, 0), of: this.#of }
  }

  /** The next offset of each partition that has not been taken yet. */
  get positions(): readonly number[] {
    return this.#positions
  }

  /** Resolves when it has caught up, or the taker has failed. Throws what reading does: call it again. */
  async build(signal: AbortSignal): Promise<void> {
    const { topic } = this.#tail
    this.#listening ??= this.#tail.listen(this)
    const ends = await this.#past.offsets(topic, 'end')
    const firsts = await this.#past.offsets(topic, 'earliest')
    if (!isSameLog(this.#log, this.#tail.log))
      for (const partition of this.#positions.keys()) this.#forget(partition, Number(firsts[partition] ?? 0n))
    this.#log = this.#tail.log
    this.#of = ends.reduce((sum, end) => sum + Number(end), 0)
    for (let partition = 0; partition < ends.length; partition++) {
      const [first, end] = [Number(firsts[partition] ?? 0n), Number(ends[partition] ?? 0n)]
      const position = (this.#positions[partition] ??= 0)
      if (position > end) this.#forget(partition, first)
      while (!this.#arrive(partition) && this.#taker.failure === null && !signal.aborted) await this.#page(partition)
    }
    this.#ready = !signal.aborted
  }

  /** Looks whether what comes next are offsets without records, of which no reader is told. */
  async peek(partition: number): Promise<void> {
    await this.#tail.peek(partition)
    if (this.#live[partition] === true) this.#positions[partition] = this.#tail.windows[partition]?.next ?? 0
  }

  record(record: Incoming): void {
    const { partition } = record
    if (this.#live[partition] === true) {
      this.#taker.take(record)
      this.#positions[partition] = Number(record.offset) + 1
      this.#taker.came(partition, true)
    } else if (this.#ready) this.#arrive(partition) // one that was added
  }

  moved(_topic: string, partition: number, from: number, to: number): void {
    if (to > from) return void (this.#positions[partition] = to)
    this.#log = this.#tail.log
    this.#forget(partition, to)
  }

  async #page(partition: number): Promise<void> {
    const from = this.#positions[partition] ?? 0
    if (from > (this.#tail.windows[partition]?.next ?? 0)) return void (await this.#tail.settle(partition, from))
    const { topic } = this.#tail
    const page = await this.#past.page({ topic, partition, from: BigInt(from), maxBytes: pageBytes })
    for (const record of page.records) this.#taker.take(record)
    this.#positions[partition] = Math.max(Number(page.next), Number(page.first))
    this.#taker.came(partition, false)
    if (Number(page.next) === from && page.first <= page.next) await pause(againMs)
  }

  /** Whether what is left stands in the window: then it is taken, and from now on what comes. */
  #arrive(partition: number): boolean {
    if (this.#live[partition] === true) return true
    const window = this.#tail.windows[partition]
    const position = this.#positions[partition] ?? 0
    if (window === undefined || position < window.first || position > window.next) return false
    for (const record of window.from(position)) this.#taker.take(record)
    this.#positions[partition] = window.next
    this.#live[partition] = true
    this.#taker.came(partition, false)
    return true
  }

  #forget(partition: number, to: number): void {
    this.#positions[partition] = to
    this.#taker.forget(partition)
    this.#taker.came(partition, false)
  }

  [Symbol.dispose](): void {
    this.#listening?.[Symbol.dispose]()
  }
}

/** Says how far it is until the signal aborts. */
export async function tellProgress(
  {
    topic,
    progressOf,
    said,
  }: Readonly<{ topic: string; progressOf: () => Progress; said: (progress: Progress) => string }>,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const progress = progressOf()
    if (progress.of > 0) tell(topic, said(progress))
    await pause(tellMs, signal)
  }
}
