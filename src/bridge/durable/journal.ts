import type { Signal } from '../../aborter.ts'
import { BoundedMap } from '../../bounded.ts'
import { Problem } from '../../problem.ts'
import type { Acknowledged, Incoming, Outgoing } from '../broker.ts'
import { CatchUp } from '../feeds/catchup.ts'
import type { Progress, Taker } from '../feeds/catchup.ts'
import type { Tail } from '../feeds/tail.ts'
import type { Past } from '../past.ts'
import { Waiters } from '../feeds/waiters.ts'
import { Ledger } from './ledger.ts'
import type { Bounds, StreamState, Verdict } from './ledger.ts'
import { headersOf, stepOf } from './record.ts'
import type { Step } from './record.ts'

export type JournalParts = Readonly<{ tail: Tail; past: Past; bounds: Bounds }>
export type Publish = (record: Outgoing) => Promise<Acknowledged>
/** What a stream holds from a position on: as much as one answer should have. */
export type Excerpt = Readonly<{ values: readonly Uint8Array[]; next: number }>

const pageBytes = 1_048_576
const excerptBytes = 262_144
const mostAwaited = 10_000

/** The streams of one topic: what has been written is folded as it is read, and who writes waits until its own record is. */
export class Journal implements Taker, Disposable {
  readonly topic: string
  readonly changes = new Waiters<string>() // by key
  readonly failure = null // what is full refuses, and takes what comes
  readonly #parts: JournalParts
  readonly #ledger: Ledger
  readonly #catchUp: CatchUp
  readonly #awaited = new Map<string, (verdict: Verdict) => void>() // by partition and offset
  readonly #early = new BoundedMap<string, Verdict>(mostAwaited) // read before the acknowledgement came
  #writing = 0

  constructor(parts: JournalParts) {
    this.#parts = parts
    this.topic = parts.tail.topic
    this.#ledger = new Ledger(parts.bounds)
    this.#catchUp = new CatchUp(parts, this)
  }

  get progress(): Progress {
    return this.#catchUp.progress
  }

  /** Throws not-ready while it has not read what there is. */
  stream(key: string): StreamState | null {
    if (!this.#catchUp.ready) throw this.#unread()
    return this.#ledger.get(key)
  }

  /** Writes a step, unless it is clear already that it changes nothing, and tells what became of it. */
  async write(step: Step, record: Omit<Outgoing, 'headers' | 'value' | 'acks'>, publish: Publish): Promise<Verdict> {
    const key = nameOf(record.key ?? new Uint8Array())
    const now = this.#ledger.judge(key, step)
    if (now.fate !== 'created' && now.fate !== 'appended' && now.fate !== 'deleted') return now
    if (this.#writing >= mostAwaited)
      throw new Problem('buffer-full', `${mostAwaited} appends are under way.`, { retryAfterMs: 1_000 })
    this.#writing++
    try {
      const { partition, offset } = await publish({
        ...record,
        value: step.value,
        headers: headersOf(step),
        acks: 'all',
      })
      return await this.#read(`${partition}/${offset}`, record.signal)
    } finally {
      if (--this.#writing === 0) this.#early.clear()
    }
  }

  /** How far it has been read, for people. */
  said(): string {
    const { done, of } = this.progress
    return `The streams of ${this.topic} are being read: ${done} of ${of} offsets.`
  }

  #unread(): Problem {
    const { done, of } = this.progress
    return new Problem('not-ready', this.said(), { limit: of, observed: done, retryAfterMs: 1_000 })
  }

  #read(place: string, signal: Signal): Promise<Verdict> {
    const early = this.#early.get(place)
    if (early !== undefined) return Promise.resolve(early)
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>()
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    this.#awaited.set(place, resolve)
    signal.addEventListener('abort', abort)
    return promise.finally(() => {
      this.#awaited.delete(place)
      signal.removeEventListener('abort', abort)
    })
  }

  /** Reads what a stream has from a position on. */
  async excerpt(key: string, { partition, next, ...stream }: StreamState, from: number): Promise<Excerpt> {
    const { tail, past } = this.#parts
    const values: Uint8Array[] = []
    let bytes = 0
    const take = (record: Incoming): boolean => {
      const offset = Number(record.offset)
      const own = record.key !== null && nameOf(record.key) === key && offset < next && !stream.void.has(offset)
      if (own && record.value !== null && record.value.length > 0) {
        values.push(record.value)
        bytes += record.value.length
      }
      return bytes < excerptBytes
    }
    let position = Math.max(from, stream.first)
    while (position < next) {
      const window = tail.windows[partition]
      const kept = window !== undefined && position >= window.first
      const page = kept
        ? null
        : await past.page({ topic: this.topic, partition, from: BigInt(position), maxBytes: pageBytes })
      if (page !== null && Number(page.first) > position)
        throw new Problem('offset-gone', `What stood before ${page.first} is not kept any more.`)
      for (const record of kept ? window.from(position) : (page?.records ?? []))
        if (Number(record.offset) >= position && !take(record))
          return { values, next: Math.min(next, Number(record.offset) + 1) }
      position = kept ? next : Math.max(position + 1, Number(page?.next ?? 0n))
    }
    return { values, next: Math.max(from, next) }
  }

  /** Reads what there is, then goes on with what comes. Throws what reading does: call it again. */
  build(signal: AbortSignal): Promise<void> {
    return this.#catchUp.build(signal)
  }

  forget(partition: number): void {
    this.#ledger.forget(partition)
  }

  came(): void {} // all that it keeps is in memory

  take(record: Incoming): void {
    if (record.key === null) return // no key, no stream
    const key = nameOf(record.key)
    const { partition } = record
    const spot = { partition, offset: Number(record.offset), log: this.#parts.tail.log }
    const verdict = this.#ledger.apply(key, stepOf(record), spot)
    const place = `${partition}/${record.offset}`
    const told = this.#awaited.get(place)
    if (told !== undefined) told(verdict)
    else if (this.#writing > 0) this.#early.set(place, verdict)
    this.changes.changed(key)
  }

  [Symbol.dispose](): void {
    this.#catchUp[Symbol.dispose]()
  }
}

/** A key as it stands in a map: a character for each byte. */
export const nameOf = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
