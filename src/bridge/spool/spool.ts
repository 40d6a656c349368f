import type { SpoolOptions } from '../../../config/schema/index.ts'
import { Aborter } from '../../aborter.ts'
import type { Policy } from '../../call.ts'
import { after, every, pause, wallClock } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { ProblemCode } from '../../problem.ts'
import type { Acknowledged, Outgoing } from '../broker.ts'
import { DiskError } from './disk.ts'
import type { Disk } from './disk.ts'
import { kept, operationHeader, unpackCommand } from './packed.ts'
import type { Waiting as Command } from './packed.ts'
import { sizeOf } from './table.ts'
import type { Kept, Row } from './table.ts'

/** What the brokers could not take at present. Every other failure is the record's own, or somebody's mistake. */
const passing: ReadonlySet<ProblemCode> = new Set([
  'broker-unavailable',
  'buffer-full',
  'circuit-open',
  'not-ready',
  'publish-timeout',
])
const groupRows = 1_024
const few = 500
const emptyMs = 500 // several rounds of the forwarder
const tellMs = 1_000

type Waiting = Readonly<{ row: Kept; resolve: () => void; reject: (problem: Problem) => void }>
export type SpoolState = Readonly<{ records: number; bytes: number; oldestMs: number; rejected: number }>

/**
 * Events that were accepted while the brokers were away or slow, on disk until they have been forwarded. While any event of a
 * topic waits, later ones of the topic go behind it: so the order of a key is kept. Requests that come while the disk is busy
 * share its next commit (group commit: DeWitt et al. 1984).
 */
export class Spool implements AsyncDisposable {
  readonly #options: SpoolOptions
  readonly #disk: Disk
  readonly #topics = new Map<string, number>() // records that wait, or are on their way to the disk
  readonly #telling: Disposable
  #bytes = 0
  #oldest: EpochMs | null = null
  #rejected = 0
  #group: Waiting[] = []
  #committing: Promise<void> | null = null
  #wake: (() => void) | null = null
  #flowing = false // the last that was heard of the brokers is that they take what is forwarded
  readonly #emptied = new Map<string, PromiseWithResolvers<void>>()

  private constructor(options: SpoolOptions, disk: Disk) {
    this.#options = options
    this.#disk = disk
    this.#telling = every(tellMs, () => this.#tell())
  }

  /** Finds what an earlier process left. Throws a DiskError. */
  static async open(options: SpoolOptions, disk: Disk): Promise<Spool> {
    const spool = new Spool(options, disk)
    const { topics, oldest, rejected, bytes } = await disk.totals()
    for (const { topic, records } of topics) spool.#topics.set(topic, records)
    spool.#oldest = oldest as EpochMs | null
    spool.#rejected = rejected
    spool.#bytes = bytes
    spool.#tell()
    return spool
  }

  get state(): SpoolState {
    return { records: this.#records, bytes: this.#bytes, oldestMs: this.#ageMs, rejected: this.#rejected }
  }

  /** The topics of which something waits. */
  get topics(): readonly string[] {
    return [...this.#topics.keys()]
  }

  /** Publishes what it can, and keeps on disk what the brokers cannot take at present. The record may name the partition −1. */
  readonly policy: Policy<Outgoing, Acknowledged> = publish => async record => {
    if (record.partition === -1 || !(await this.#clear(record.topic))) return await this.#keep(record)
    if (record.signal.aborted) throw Problem.from(record.signal.reason) // while it waited for those before it
    const patience = new Aborter()
    const leave = (): void => patience.abort(record.signal.reason)
    const alarm = after(this.#options.afterMs, () =>
      patience.abort(new Problem('publish-timeout', 'The brokers are slow.', { outcome: 'not-sent' })),
    )
    record.signal.addEventListener('abort', leave, { once: true })
    try {
      return await publish({ ...record, signal: patience.signal })
    } catch (error) {
      const problem = Problem.from(error)
      if (record.signal.aborted || !passing.has(problem.code)) throw problem
      this.#flowing = false
      return await this.#keep(record, problem.outcome !== 'not-sent').catch((refusal: unknown) => {
        throw problem.outcome === 'not-sent' ? refusal : problem // it may be in the topic all the same
      })
    } finally {
      alarm.cancel()
      record.signal.removeEventListener('abort', leave)
    }
  }

  /**
   * Whether nothing of the topic is in the way. Behind the last few it is waited for a moment: were each event put on disk
   * while one waits there, a topic that is never at rest would never leave it.
   */
  async #clear(topic: string): Promise<boolean> {
    const waiting = this.#topics.get(topic)
    if (waiting === undefined) return true
    if (!this.#flowing || waiting > few) return false
    const emptied = this.#emptied.get(topic) ?? Promise.withResolvers<void>()
    this.#emptied.set(topic, emptied)
    const patience = new Aborter()
    void emptied.promise.then(() => patience.abort(null))
    await pause(emptyMs, patience)
    return !this.#topics.has(topic)
  }

  async #keep(record: Outgoing, inDoubt = false): Promise<Acknowledged> {
    const row = kept(record, wallClock(), inDoubt)
    const bytes = sizeOf(row)
    const full = this.#full(bytes)
    if (full !== null) throw full
    this.#count(row.topic, 1, bytes)
    this.#oldest ??= row.at as EpochMs
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#group.push({ row, resolve, reject })
    this.#committing ??= this.#commit()
    await promise
    return { partition: record.partition, offset: -1n, spooled: inDoubt ? 'in-doubt' : 'not-sent' }
  }

  #full(bytes: number): Problem | null {
    const { bytes: limit, maxAgeMs } = this.#options
    const refused = { policy: 'spool', retryAfterMs: 1_000 }
    if (this.#bytes + bytes > limit)
      return new Problem('spool-full', `${this.#bytes} bytes of ${limit} wait already.`, { ...refused, limit })
    if (this.#ageMs > maxAgeMs)
      return new Problem('spool-full', `The oldest event waits for ${this.#ageMs} ms.`, { ...refused, limit: maxAgeMs })
    return null
  }

  async #commit(): Promise<void> {
    while (this.#group.length > 0) {
      const group = this.#group.splice(0, groupRows)
      try {
        await this.#disk.append(group.map(({ row }) => row))
        for (const { resolve } of group) resolve()
        this.#wake?.()
      } catch (cause) {
        for (const { row, reject } of group) {
          this.#count(row.topic, -1, -sizeOf(row))
          reject(unkept(cause))
        }
      }
    }
    this.#committing = null
  }

  /** Resolves when something may be there to be forwarded. */
  async some(): Promise<void> {
    while (this.#topics.size === 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
      this.#wake = null
    }
  }

  /** The oldest of them, without those of some topics. Throws a DiskError. */
  async next(most: number, except: readonly string[]): Promise<readonly Row[]> {
    const rows = await this.#disk.waiting(most, except)
    const [first] = rows
    if (except.length === 0) this.#oldest = first === undefined ? null : (first.at as EpochMs)
    return rows
  }

  /** The operations whose commands wait, the oldest first. Throws a DiskError. */
  async *commands(): AsyncIterable<Command> {
    for (let after = 0; ;) {
      const rows = await this.#disk.waitingWith(operationHeader, after, groupRows)
      for (const { seq, headers } of rows) {
        after = seq
        const { waiting } = unpackCommand(headers)
        if (waiting !== null) yield waiting
      }
      if (rows.length < groupRows) return
    }
  }

  /** They are in their topics. Throws a DiskError: then they are forwarded again. */
  async forwarded(rows: readonly Row[]): Promise<void> {
    await this.#disk.remove(rows.map(({ seq }) => seq))
    this.#flowing = true
    for (const row of rows) this.#count(row.topic, -1, -sizeOf(row))
  }

  /** The brokers refuse it for good: it stays on disk, for people, and out of the way. Throws a DiskError. */
  async reject(row: Row, reason: string): Promise<void> {
    await this.#disk.reject(row.seq, reason)
    this.#rejected++
    this.#count(row.topic, -1, 0)
    events.warning.publish({ what: `An event in the spool is refused for good: ${reason}`, cause: null })
  }

  #count(topic: string, records: number, bytes: number): void {
    const waiting = (this.#topics.get(topic) ?? 0) + records
    if (waiting > 0) this.#topics.set(topic, waiting)
    else {
      this.#topics.delete(topic)
      this.#emptied.get(topic)?.resolve()
      this.#emptied.delete(topic)
    }
    this.#bytes += bytes
    if (this.#topics.size === 0) this.#oldest = null
  }

  get #records(): number {
    return this.#topics.values().reduce((sum, records) => sum + records, 0)
  }

  get #ageMs(): number {
    return this.#oldest === null ? 0 : Math.max(0, wallClock() - this.#oldest)
  }

  #tell(): void {
    if (events.spool.hasSubscribers) events.spool.publish(this.state)
  }

  /** Waits for the commits that are under way; what waits on disk is forwarded by the next process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#telling[Symbol.dispose]()
    await this.#committing
    await this.#disk[Symbol.asyncDispose]()
  }
}

function unkept(cause: unknown): Problem {
  const unchanged = cause instanceof DiskError && cause.unchanged
  const detail = `The disk did not take it: ${(cause as Error).message}.`
  return new Problem('spool-unavailable', detail, {
    policy: 'spool',
    outcome: unchanged ? 'not-sent' : 'in-doubt',
    retryAfterMs: 1_000,
    cause,
  })
}
