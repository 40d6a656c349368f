import { randomInt } from 'node:crypto'
import { Aborter } from '../../aborter.ts'
import type { Signal } from '../../aborter.ts'
import type { Service } from '../../call.ts'
import { after, every, pause, wallClock } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Acknowledged, Broker, Outgoing } from '../broker.ts'
import { secretOf } from './event.ts'
import type { Accepted, Beginning, Called, Ending, Progress, Recalled, StepEvent } from './event.ts'
import { Journal } from './journal.ts'
import { View } from './view.ts'
import type { Room } from './view.ts'
import type { Operation } from './entry.ts'

export type OperationsOptions = Readonly<{
  topic: string
  entries: number // operations known at once
  bytes: number // of their replies
  overflow?: Room['overflow']
  takeOverMs?: number // others see to an operation when its own instance has not for so long
}>
export type OperationsParts = Readonly<{ broker: Broker; publish: Service<Outgoing, Acknowledged> }>

const sweepMs = 1_000
const farewellMs = 1_000
const capMs = 1_000

/**
 * The operations of all instances, as the log tells them. Whoever accepted one sees to its end; where it does not, as it may be
 * dead, every other does so a little later: the first end in the log stands, so that more than one does no harm.
 */
export class Operations implements AsyncDisposable {
  /** This run of this instance. */
  readonly incarnation = secretOf()
  readonly view: View
  readonly #options: Required<OperationsOptions>
  readonly #journal: Journal
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #closing = new Aborter()
  readonly #seenTo = new Set<string>() // of which the next event is being written, or about to be
  readonly #sweeping: Disposable
  readonly #known: ((id: string) => void)[] = []
  readonly #begun = new Set<string>() // their commands are being sent from our disk
  #left: Parameters<Operations['keep']>[] | null = [] // by an earlier process on our disk, until the log is known
  #running = 0

  constructor({ broker, publish }: OperationsParts, options: OperationsOptions) {
    this.#options = { takeOverMs: 2_000, overflow: null, ...options }
    this.view = new View(id => this.#tell(id), this.#options)
    this.#journal = new Journal({ broker, publish, topic: options.topic, apply: record => this.view.apply(record) })
    this.#sweeping = every(sweepMs, () => this.#sweep())
  }

  get topic(): string {
    return this.#options.topic
  }

  get healthy(): boolean {
    return this.#journal.healthy
  }

  get rebuild(): Journal['rebuild'] {
    return this.#journal.rebuild
  }

  /** Resolves once all operations are known. */
  open(partitions: number): Promise<void> {
    const opened = this.#journal.open(partitions)
    const left = this.#left ?? []
    this.#left = null
    for (const [beginning, isUnsent] of left) this.keep(beginning, isUnsent)
    return opened
  }

  /** Why nothing can be said of operations yet, or null. */
  unread(): Problem | null {
    return this.rebuild.done
      ? null
      : new Problem('not-ready', 'The log of operations is still being read.', { retryAfterMs: 1_000 })
  }

  /** Why no more can be accepted, or null. */
  refusal(): Problem | null {
    const unread = this.unread()
    if (unread !== null) return unread
    if (!this.view.full) return null
    const { size, bytes: held } = this.view
    const limit = this.#options.entries
    const details = { retryAfterMs: 5_000, limit, observed: size }
    return new Problem('operations-full', `There are ${size} operations of ${held} bytes.`, details)
  }

  /**
   * Resolves once the operation is in the log and known here. Throws operations-full, not-ready, or what publishing throws. One that claims
   * a key may be known to nobody afterwards: somebody else was first.
   */
  async accept(id: string, accepted: Accepted): Promise<void> {
    const refusal = this.refusal()
    if (refusal !== null) throw refusal
    const partition = this.#journal.partitionOf(accepted.holds?.scope ?? id)
    const offset = await this.#journal.append(partition, id, accepted)
    await this.#journal.applied(partition, offset).catch((error: unknown) => {
      throw Problem.from(error).withOutcome('sent') // it is in the log, and others may read it
    })
  }

  /** Shows an operation whose command waits on our disk, until whoever forwards that has written it to the log. */
  keep(beginning: Beginning, isUnsent: boolean): void {
    const { id, accepted } = beginning
    if (this.#left !== null) this.#left.push([beginning, isUnsent])
    else this.view.keep(id, accepted, this.#journal.partitionOf(id), isUnsent)
  }

  /** A command that waited on our disk is about to be sent. */
  begin(id: string): void {
    this.#begun.add(id)
    this.view.begin(id)
  }

  /** Whether the command of an operation, which waits on our disk, was never sent: its operation is always written before. */
  isUnsent(id: string): boolean {
    return this.rebuild.done && !this.#begun.has(id) && !this.view.has(id)
  }

  /** Forgets an operation, as if it had never been: tombstones, tried until they are written. Resolves once it is unknown here. */
  async forget(id: string, accepted?: Accepted): Promise<void> {
    const known = this.view.get(id)
    const partition = known?.partition ?? this.#journal.partitionOf(accepted?.holds?.scope ?? id)
    await this.#insist(() => this.#journal.forget(partition, known?.keys ?? [id]))
  }

  /** Writes what happened to an operation, until it is written or no longer true. */
  async happen(id: string, event: Ending | Progress | StepEvent): Promise<void> {
    await this.#insist(async () => {
      const known = this.view.entry(id)
      if (known !== null && !known.ended) await this.#journal.append(known.partition, id, event)
    })
  }

  /** Writes something about an operation that has ended, until it is written or the operation unknown. */
  async tell(id: string, event: Called | Recalled): Promise<void> {
    await this.#insist(async () => {
      const known = this.view.entry(id)
      if (known?.ended === true) await this.#journal.append(known.partition, id, event)
    })
  }

  /** Resolves once everything of the log up to there is known; rejects when it is closed before. */
  async reach(partition: number, offset: bigint): Promise<void> {
    await this.#journal.applied(partition, Number(offset))
  }

  /**
   * Does something for an operation that has not ended: at once where it is this instance's, else later, if nobody else has done
   * it by then.
   */
  seeTo(operation: Operation, isDone: (now: Operation) => boolean, task: () => void): void {
    const delayMs = this.delayFor(operation.run?.by ?? operation.accepted.by)
    if (delayMs === 0) return task()
    after(delayMs, () => {
      const now = this.view.get(operation.id)
      if (now !== null && now.ending === null && !isDone(now) && !this.#closing.aborted) task()
    })
  }

  /** How long to leave to that incarnation what it would do first: not at all where it is this one. */
  delayFor(by: string): number {
    const { takeOverMs } = this.#options
    return by === this.incarnation ? 0 : takeOverMs + randomInt(takeOverMs)
  }

  /** Calls back after each event of any operation. */
  watchAll(known: (id: string) => void): void {
    this.#known.push(known)
  }

  /** Calls back after each event of the operation. */
  watch(id: string, changed: () => void): Disposable {
    const all = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, all.add(changed))
    return {
      [Symbol.dispose]: () => {
        all.delete(changed)
        if (all.size === 0) this.#watchers.delete(id)
      },
    }
  }

  /** Resolves when the operation has ended or become unknown, after `limitMs` at the latest, or when the signal aborts. */
  async ended(id: string, limitMs: number, signal: Signal): Promise<Operation | null> {
    return await this.until(id, now => now === null || now.ending !== null, limitMs, signal)
  }

  /** Resolves with the operation as soon as it is as wanted, else as it is in the end. */
  async until(
    id: string,
    wanted: (now: Operation | null) => boolean,
    limitMs: number,
    signal: Signal = this.#closing,
  ): Promise<Operation | null> {
    if (wanted(this.view.get(id)) || limitMs <= 0) return this.view.get(id)
    const seen = new Aborter()
    const leave = (): void => seen.abort(null)
    using _watching = this.watch(id, () => {
      if (wanted(this.view.get(id))) leave()
    })
    signal.addEventListener('abort', leave)
    await pause(limitMs, signal.aborted ? signal : seen)
    signal.removeEventListener('abort', leave)
    return this.view.get(id)
  }

  /** Again and again while it is the broker that fails. */
  async #insist(task: () => Promise<void>): Promise<void> {
    this.#running++
    for (let attempt = 0; ; attempt++) {
      try {
        await task()
        break
      } catch (error) {
        const { code, spec } = Problem.from(error)
        if (this.#closing.aborted || spec.status < 503) {
          events.warning.publish({ what: `An event of an operation was not written: ${code}.`, cause: error })
          break
        }
        await pause(Math.random() * Math.min(capMs, 50 * 2 ** attempt), this.#closing)
      }
    }
    this.#running--
  }

  /** What time brings about: an operation expires, and some time after its end it is forgotten. */
  #sweep(): void {
    if (!this.rebuild.done) return
    const { size, pending, bytes, used } = this.view
    if (events.operations.hasSubscribers) events.operations.publish({ pending, ended: size - pending, bytes, used })
    const now = wallClock()
    this.view.expire(now)
    for (const { id, due, by, begun, ended } of this.view.due(now)) {
      if (now < due || this.#seenTo.has(id)) continue
      if (by !== this.incarnation && now < due + this.#options.takeOverMs + (begun % 1_000)) continue
      this.#seenTo.add(id)
      const task = !ended ? this.happen(id, { kind: 'expired', at: now }) : this.forget(id)
      void task.finally(() => this.#seenTo.delete(id))
    }
  }

  #tell(id: string): void {
    if (this.#begun.size > 0 && this.view.has(id)) this.#begun.delete(id)
    for (const known of this.#known) known(id)
    for (const changed of this.#watchers.get(id) ?? []) changed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sweeping[Symbol.dispose]()
    const left = wallClock() + farewellMs
    while (this.#running > 0 && wallClock() < left) await pause(10)
    this.#closing.abort(new Problem('draining', 'The gateway stops.'))
    await this.#journal[Symbol.asyncDispose]()
    this.view[Symbol.dispose]()
  }
}
