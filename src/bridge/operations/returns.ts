import { BoundedMap } from '../../bounded.ts'
import { pause, wallClock } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Reply } from '../../call.ts'
import type { Broker, Handler, Incoming, Reading } from '../broker.ts'
import type { Waiter } from '../correlate.ts'
import { partitionOf } from '../partition.ts'
import { correlationNames, correlationOf, noteOf, noticeOf, operationMark } from '../wire/index.ts'
import type { Dialect, Notice } from '../wire/index.ts'
import type { Ending } from './event.ts'
import type { Operations } from './operations.ts'
import type { Ended, Operation } from './entry.ts'
import type { Forward } from './late.ts'

export type ReturnsOptions = Readonly<{
  topic: string
  dialects: readonly Dialect[] // of the workers
  /** Reads the replies to a route's commands; throws bad-reply. */
  read: (route: string, record: Incoming, worker: string) => Reply
  /** A worker goes on with the command of this operation although it was asked to stop. */
  refused: (id: string) => void
  /** Around the handler of replies: it is handed them once they can be read. Default: at once. */
  ahead?: (handler: Handler) => Handler
  /** Who gets the replies of a route that come after the end of their operation. */
  late: (route: string) => Forward | null
  /** The steps of processes; none where no route runs any. */
  steps?: Steps | undefined
}>
/** What takes the replies to the commands of processes. */
export type Steps = Readonly<{
  /** By what the reply is known that the process waits for. */
  correlationOf: (operation: Operation) => string
  answer: (id: string, record: Incoming) => Promise<void>
}>
/** Somebody who waits here for the reply to the command of an operation. */
export type Awaiting = Waiter & Readonly<{ operation: string; hurry: () => void }>

type Place = Readonly<{ partition: number; offset: bigint }>

const pattern = /^op\.(o[\w-]{22})\.([\w-]{22})$/
const mostPassed = 10_000
const readMs = 5_000

const isOurs = (id: string): boolean => id.startsWith(operationMark)
export const correlationFor = (id: string, secret: string): string => `${operationMark}${id}.${secret}`

/**
 * The replies to commands that are, or may become, operations: every instance reads all of them from the beginning of their
 * topic, so that one comes to its operation whoever accepted that, and however long all of us were away.
 */
export class Returns implements AsyncDisposable {
  readonly #broker: Broker
  readonly #operations: Operations
  readonly #options: ReturnsOptions
  readonly #waiting = new Map<string, Awaiting>()
  /** Where the replies are that came before their operation was known here; the oldest goes first. */
  readonly #passed = new BoundedMap<string, Place>(mostPassed)
  /** Where the replies are to steps that are not under way here: of some, the log is read later. */
  readonly #ahead = new BoundedMap<string, Place>(mostPassed)
  readonly #names: ReadonlySet<string>
  #reading: Reading | null = null
  #partition: number | null = null
  #closed = false

  constructor(broker: Broker, operations: Operations, options: ReturnsOptions) {
    this.#broker = broker
    this.#operations = operations
    this.#options = options
    this.#names = correlationNames(options.dialects)
    operations.watchAll(id => this.#catchUp(id))
  }

  get healthy(): boolean {
    return this.#reading?.healthy === true
  }

  async open(partitions: number): Promise<void> {
    this.#partition = partitionOf(Buffer.from(this.#operations.incarnation), partitions)
    const source = { topic: this.#options.topic, partitions: 'all', from: 'earliest' } as const
    const { ahead = handler => handler } = this.#options
    const take = ahead(record => this.#take(record))
    this.#reading ??= await this.#broker.subscribe(source, take)
    if (this.#closed) await this.#reading[Symbol.asyncDispose]()
  }

  /** Where workers answer to: the load is spread over the instances. Throws not-ready before `open`. */
  get place(): Readonly<{ topic: string; partition: number }> {
    if (this.#partition === null) throw new Problem('not-ready', 'The replies of operations are not read yet.')
    return { topic: this.#options.topic, partition: this.#partition }
  }

  /** Whoever waits must `forget` in the end. */
  expect(waiter: Awaiting): void {
    this.#waiting.set(waiter.operation, waiter)
  }

  forget(waiter: Awaiting): void {
    if (this.#waiting.get(waiter.operation) === waiter) this.#waiting.delete(waiter.operation)
  }

  /** The calls that wait, the longest first. */
  waiters(): Iterable<Awaiting> {
    return this.#waiting.values()
  }

  /** Turns every call that waits into an operation, where its route allows it. */
  hurry(): void {
    for (const waiter of this.#waiting.values()) waiter.hurry()
  }

  /** Ends every wait. */
  abandon(): void {
    for (const waiter of this.#waiting.values())
      waiter.abandon(new Problem('reply-timeout', 'The gateway stopped before the reply came.'))
  }

  #take(record: Incoming): void {
    const correlation = correlationOf(record, this.#names, isOurs)
    const [, id = '', secret] = pattern.exec(correlation ?? '') ?? []
    if (id === '') return tell(correlation === null ? 'unmarked' : 'foreign')
    const notice = noticeOf(record)
    if (notice !== null) return this.#notice(id, secret, notice, record)
    const waiter = this.#waiting.get(id)
    if (waiter?.id === correlation) {
      this.#waiting.delete(id)
      tell('answered', waiter.worker)
      return waiter.take(record)
    }
    const operation = this.#operations.view.get(id)
    if (operation === null) return void this.#passed.set(id, placeOf(record))
    if (operation.run !== null) return this.#step(operation, correlation ?? '', record)
    if (operation.accepted.secret !== secret) return tell('forged')
    if (operation.ending !== null) return this.#miss(operation, operation.ending.said, record)
    if (operation.accepted.by === this.#operations.incarnation) this.#conclude(id, record)
    else this.#concludeLater(operation, record)
  }

  /** A reply to a command of a process. */
  #step(operation: Operation, correlation: string, record: Incoming): void {
    const { steps } = this.#options
    if (steps === undefined || operation.ending !== null) return tell('late')
    if (correlation !== steps.correlationOf(operation)) return void this.#ahead.set(correlation, placeOf(record))
    const { run, accepted } = operation
    if (this.#operations.delayFor(run?.by ?? accepted.by) === 0) this.#conclude(operation.id, record)
    else this.#concludeLater(operation, record)
  }

  /** A reply to what has expired or was cancelled: one instance tells of it, the one that accepted it. */
  #miss({ accepted }: Operation, { kind, at }: Ended, record: Incoming): void {
    const { by, route, command, target } = accepted
    if (by !== this.#operations.incarnation || kind === 'completed' || kind === 'failed') return
    const key = target.key === null ? null : Buffer.from(target.key, 'base64')
    this.#options.late(route)?.(record, { command, key, lateMs: Math.max(0, wallClock() - at) })
  }

  /** Only where the reply is is kept until then: many may wait, and mostly another instance is quicker. */
  #concludeLater(operation: Operation, place: Place): void {
    const { partition, offset } = place
    const fetch = async (): Promise<void> => {
      const record = await this.#recordAt({ partition, offset })
      if (record !== null) this.#conclude(operation.id, record)
    }
    const { steps } = this.#options
    const isDone = (now: Operation): boolean =>
      now.run !== null && steps?.correlationOf(now) !== steps?.correlationOf(operation)
    this.#operations.seeTo(operation, isDone, () => void fetch())
  }

  #conclude(id: string, record: Incoming): void {
    const operation = this.#operations.view.get(id)
    if (operation === null) return
    const correlation = correlationOf(record, this.#names, isOurs)
    if (operation.run !== null) {
      const { steps } = this.#options
      if (steps !== undefined && correlation === steps.correlationOf(operation)) void steps.answer(id, record)
      return
    }
    if (correlation !== correlationFor(id, operation.accepted.secret)) return tell('forged')
    const { route, worker, at } = operation.accepted
    const ending = endingOf(() => this.#options.read(route, record, worker), at)
    tell('late', worker)
    tellLate(ending, worker)
    void this.#operations.happen(id, ending)
  }

  /** Somebody's operation is known from now on: a reply that came before it is fetched. */
  #catchUp(id: string): void {
    const passed = this.#passed.get(id)
    const isProcess = this.#ahead.size > 0 && this.#operations.view.entry(id)?.run != null
    if (passed === undefined && !isProcess) return
    const operation = this.#operations.view.get(id)
    const correlation = operation?.run == null ? '' : (this.#options.steps?.correlationOf(operation) ?? '')
    const place = passed ?? this.#ahead.get(correlation)
    this.#passed.delete(id)
    this.#ahead.delete(correlation)
    if (operation !== null && place !== undefined) this.#concludeLater(operation, place)
  }

  /** A worker tells how far it is, or what became of a cancellation. */
  #notice(id: string, secret: string | undefined, notice: Notice, record: Incoming): void {
    const operation = this.#operations.view.get(id)
    if (operation === null || operation.ending !== null || operation.run !== null) return
    if (operation.accepted.secret !== secret) return tell('forged')
    const { timestamp: at } = record
    if (notice.kind === 'not-cancelled') this.#options.refused(id)
    else if (notice.kind === 'cancelled')
      this.#operations.seeTo(
        operation,
        () => false,
        () => void this.#operations.happen(id, { kind: 'cancelled', at }),
      )
    else {
      const event = { kind: 'progress', percent: notice.percent, note: noteOf(record), at } as const
      const isDone = ({ progress }: Operation): boolean => (progress?.said.at ?? 0) >= at
      this.#operations.seeTo(operation, isDone, () => void this.#operations.happen(id, event))
    }
  }

  /** Reads one record; null when it is no longer there. */
  async #recordAt({ partition, offset }: Place): Promise<Incoming | null> {
    const { promise, resolve } = Promise.withResolvers<Incoming | null>()
    const source = { topic: this.#options.topic, partitions: [partition], from: { offset } } as const
    const reading = await this.#broker.subscribe(source, resolve)
    const limit = new AbortController()
    const record = await Promise.race([promise, pause(readMs, limit.signal).then(() => null)])
    limit.abort()
    await reading[Symbol.asyncDispose]()
    return record?.offset === offset ? record : null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#reading?.[Symbol.asyncDispose]()
  }
}

const placeOf = ({ partition, offset }: Incoming): Place => ({ partition, offset }) // not the whole record

/** How a reply ends its operation. `since` is when its client was told to come back, in epoch milliseconds. */
export function endingOf(read: () => Reply, since: number): Ending {
  const at = wallClock()
  try {
    return { kind: 'completed', reply: read(), at, lateMs: Math.max(0, at - since) }
  } catch (error) {
    const { code, message, outcome } = Problem.from(error)
    return { kind: 'failed', code, detail: message, outcome, at }
  }
}

/** How late the reply was, if it was. */
export function tellLate(ending: Ending, worker: string): void {
  if (ending.kind === 'completed' && ending.lateMs > 0 && events.lateReply.hasSubscribers)
    events.lateReply.publish({ worker, ms: ending.lateMs })
}

function tell(what: 'answered' | 'late' | 'forged' | 'foreign' | 'unmarked', worker: string | null = null): void {
  if (events.reply.hasSubscribers) events.reply.publish({ class: what, worker, ms: null })
}
