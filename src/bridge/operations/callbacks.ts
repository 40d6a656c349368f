import type { Signal } from '../../aborter.ts'
import { fromTheWire, wallClock } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Broker, Incoming } from '../broker.ts'
import { Consumer } from '../consume/index.ts'
import type { Delivery, Message } from '../deliver/index.ts'
import { messageOf } from './calling.ts'
import type { Operation } from './entry.ts'
import { read, timeOf } from './event.ts'
import type { Called } from './event.ts'
import type { Operations } from './operations.ts'

/** Who is told of the end of operations. */
export type Caller = Readonly<{
  /** Sends what `write` makes to a URL until it ends; null when no receiver has this origin. */
  deliver: (url: URL, write: (key: Buffer) => Message | null, ends: Instant, signal: Signal) => Promise<Delivery> | null
  /** Headers of a reply of the route that may go out. */
  passes: (route: string) => ReadonlySet<string>
}>
export type CallbacksOptions = Readonly<{ topic: string; group: string; maxAgeMs: number }>

/** A callback as operators see it. */
export type CallbackState = Readonly<{
  id: string
  route: string
  url: string
  ended: string // RFC 3339
  state: 'pending' | Called['result']
  attempts?: number
  detail?: string
}>

const most = 10_000
const stopMs = 5_000
const mostShown = 1_000

/**
 * Tells callbacks that their operations have ended. Whoever holds a partition of the log in the group tells those of its
 * operations, so that one instance does, and another goes on when it is gone. What became of it is in the log, too.
 */
export class Callbacks implements AsyncDisposable {
  readonly #operations: Operations
  readonly #options: CallbacksOptions
  readonly #caller: Caller
  readonly #consumer: Consumer

  constructor(operations: Operations, options: CallbacksOptions, caller: Caller) {
    this.#operations = operations
    this.#options = options
    this.#caller = caller
    const { topic, group } = options
    this.#consumer = new Consumer({ topic, group, from: 'earliest', ahead: most, stopMs }, (record, signal) => {
      const told = read(record)
      if (told === null || told.event === 'forgotten') return true
      const { kind } = told.event
      if (kind === 'accepted' || kind === 'progress' || kind === 'called') return true
      return this.#see(told.id, record, signal)
    })
  }

  async open(broker: Pick<Broker, 'join'>): Promise<void> {
    await this.#consumer.open(broker)
  }

  /** Those that were not told yet, and those that were given up. */
  list(): readonly CallbackState[] {
    return this.#operations.view.untold(mostShown).map(({ id, accepted, ending, callback }) => {
      const said = callback?.said?.said
      return {
        id,
        route: accepted.route,
        url: accepted.callback ?? '',
        ended: timeOf(ending?.said.at ?? 0),
        state: said?.result ?? 'pending',
        ...(said !== undefined && { attempts: said.attempts, detail: said.detail }),
      }
    })
  }

  /** Has the callback told once more, by whoever tells those of its partition. Throws unknown-operation. */
  async again(id: string): Promise<void> {
    const operation = this.#operations.view.get(id)
    if (operation === null || operation.callback === null)
      throw new Problem('unknown-operation', 'No operation that has ended with a callback has this id.')
    await this.#operations.tell(id, { kind: 'recalled', at: wallClock() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer[Symbol.asyncDispose]()
  }

  /** The record is an end, or a wish; true once nothing is left to do for it. */
  async #see(id: string, { partition, offset }: Incoming, signal: Signal): Promise<boolean> {
    try {
      await this.#operations.reach(partition, offset)
    } catch {
      return false // it is being closed
    }
    const wanted = (): Operation | null => {
      const now = this.#operations.view.get(id)
      // an end that was not the first asks for nothing
      return now?.callback?.asked === Number(offset) && now.callback.said === null ? now : null
    }
    const operation = wanted()
    if (operation === null) return true
    const { kind, attempts, detail } = await this.#tell(operation, wanted, signal)
    if (kind === 'stopped') return false
    await this.#operations.tell(id, { kind: 'called', result: kind, attempts, detail, at: wallClock() })
    return true
  }

  async #tell({ accepted, callback }: Operation, wanted: () => Operation | null, signal: Signal): Promise<Delivery> {
    const url = new URL(accepted.callback ?? '')
    const passes = this.#caller.passes(accepted.route)
    const write = (key: Buffer): Message | null => {
      const operation = wanted()
      return operation === null ? null : messageOf(operation, url, { key, passes })
    }
    const ends = fromTheWire((callback?.at ?? 0) + this.#options.maxAgeMs)
    return (
      (await this.#caller.deliver(url, write, ends, signal)) ?? {
        kind: 'refused',
        attempts: 0,
        detail: 'No receiver of operations.callbacks has this origin.',
      }
    )
  }
}
