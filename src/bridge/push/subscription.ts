import type { Signal } from '../../aborter.ts'
import { later } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { FilterOptions } from '../../../config/schema/index.ts'
import type { Broker, Incoming, Membership } from '../broker.ts'
import { Consumer, Lanes, laneOf } from '../consume/index.ts'
import { bury, resentFor } from '../dead.ts'
import type { Graveyard } from '../dead.ts'
import { signed } from '../deliver/index.ts'
import type { Delivery, Message, Receiver } from '../deliver/index.ts'
import { jsonOf, textOf } from '../feeds/content.ts'
import { filterOf, matches } from '../feeds/filter.ts'
import { eventOf } from './event.ts'
import { formats } from './format.ts'
import type { Format } from './format.ts'

export type SubscriptionOptions = Membership &
  Readonly<{
    name: string // `push.NAME`
    url: URL
    format: Format
    key: Buffer | null // what messages are signed with
    token: string | null
    filter: readonly FilterOptions[]
    type: string
    ahead: number
    batchRecords: number
    batchBytes: number
    maxAgeMs: number
  }>
export type SubscriptionParts = Readonly<{ broker: Broker; receiver: Receiver; graveyard: Graveyard }>

/** How a subscriber is, for operators. `ended`: it has answered 410. */
export type SubscriptionState = Readonly<{ state: 'starting' | 'running' | 'ended' | 'paused'; detail: string }> &
  Readonly<Record<'delivered' | 'dead' | 'slots' | 'busy' | 'waiting' | 'pausedMs' | 'failures', number>>

type Item = Readonly<{ record: Incoming; signal: Signal; ends: Instant; done: (finished: boolean) => void }>

const stopMs = 5_000
/** What was delivered since the last commit comes twice after a crash, and a receiver may be unable to tell. */
const commitMs = 50
/** While it runs nothing waits for anything but the pace of the receiver; the partitions bound how much is taken. */
const slots = 100_000
const anything: ReadonlyMap<string, string> = new Map()

/**
 * The events of a topic for one subscriber, a consumer group of its own: in order per key, and in `batch` per partition. While
 * the subscriber is down its partitions are paused; what it refuses, or is too old in the end, is given up.
 */
export class Subscription implements AsyncDisposable {
  readonly #options: SubscriptionOptions
  readonly #parts: SubscriptionParts
  readonly #lanes = new Lanes(slots)
  readonly #waiting = new Map<string, Item[]>() // of a batch, by lane
  readonly #takes: (record: Incoming) => boolean
  #consumer: Consumer | null = null
  #state: SubscriptionState['state'] = 'starting'
  #delivered = 0
  #dead = 0

  constructor(options: SubscriptionOptions, parts: SubscriptionParts) {
    this.#options = options
    this.#parts = parts
    const filter = filterOf(options.filter)
    const wish = filter.wishOf(anything, new URLSearchParams())
    const isFor = ({ headers }: Incoming): boolean => {
      const only = headers.find(([name]) => name === resentFor)
      return only === undefined || textOf(only[1]) === options.name
    }
    this.#takes = record => isFor(record) && (wish.length === 0 || matches(wish, filter.find(record, jsonOf(record))))
  }

  get name(): string {
    return this.#options.name
  }

  get state(): SubscriptionState {
    const receiver = this.#parts.receiver.state
    return { ...receiver, state: this.#state, delivered: this.#delivered, dead: this.#dead }
  }

  /** What an operator should know: sentences. */
  get notices(): readonly string[] {
    const { state, detail, failures } = this.state
    if (state === 'ended') return [`${this.name} gets no more, as it has answered 410.`]
    return failures > 0 && detail !== '' ? [`${this.name} does not take events: ${detail}`] : []
  }

  /** Joins the group, where it has not; also again, after it has ended or was paused. Throws what joining throws. */
  async start(): Promise<void> {
    if (this.#consumer !== null) return
    const consumer = new Consumer({ ...this.#options, commitMs, stopMs }, (record, signal) =>
      this.#take(record, signal),
    )
    this.#consumer = consumer
    try {
      await consumer.open(this.#parts.broker)
      if (this.#consumer === consumer) this.#state = 'running'
    } catch (error) {
      if (this.#consumer === consumer) this.#consumer = null
      throw error
    }
  }

  /** Leaves the group: what is not delivered stays in the topic. */
  async pause(state: 'ended' | 'paused' = 'paused'): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = null
    this.#state = state
    await consumer?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pause()
  }

  #take(record: Incoming, signal: Signal): boolean | Promise<boolean> {
    if (!this.#takes(record)) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const item: Item = { record, signal, ends: later(this.#options.maxAgeMs), done: resolve }
    if (this.#options.format === 'batch') this.#join(item)
    else this.#lanes.add(laneOf(record.key), () => this.#deliver([item]))
    return promise
  }

  /** A batch is whatever has come while the last one of the partition was on its way. */
  #join(item: Item): void {
    const lane = String(item.record.partition)
    const line = this.#waiting.get(lane)
    if (line === undefined) this.#waiting.set(lane, [item])
    else line.push(item)
    this.#lanes.add(lane, async () => {
      const batch = this.#batchOf(lane)
      if (batch !== null) await this.#deliver(batch)
    })
  }

  #batchOf(lane: string): Items | null {
    const line = this.#waiting.get(lane) ?? []
    const { batchRecords, batchBytes } = this.#options
    let bytes = 0
    let count = 0
    for (const { record, signal } of line) {
      bytes += record.value?.length ?? 0
      const isFull = count === batchRecords || (count > 0 && bytes > batchBytes)
      if (isFull || signal !== line[0]?.signal) break
      count++
    }
    const [first, ...rest] = line.splice(0, count)
    if (line.length === 0) this.#waiting.delete(lane)
    return first === undefined ? null : [first, ...rest]
  }

  /** Until they are delivered, given up, or left to whoever comes next. */
  async #deliver(items: Items): Promise<void> {
    const [{ ends, signal }] = items
    const delivery = await this.#send(items, ends, signal)
    const { kind } = delivery
    if (kind === 'refused' && items.length > 1) {
      for (const item of items) await this.#deliver([item]) // it may be one of them only
      return
    }
    if (kind === 'ended' && this.#state === 'running') this.#end()
    for (const item of items) item.done(await this.#settle(item, delivery))
  }

  /** What cannot be written is refused. */
  async #send(items: Items, ends: Instant, signal: Signal): Promise<Delivery> {
    try {
      return await this.#parts.receiver.deliver(this.#writing(items), ends, signal)
    } catch (cause) {
      events.warning.publish({ what: `An event of ${this.#options.topic} cannot be written for ${this.name}.`, cause })
      return { kind: 'refused', attempts: 0, detail: 'It cannot be written as an event.' }
    }
  }

  #end(): void {
    events.warning.publish({ what: `${this.name} has answered 410, and gets no more.`, cause: undefined })
    void this.pause('ended')
  }

  /** Whether the record is finished. */
  async #settle({ record, signal }: Item, { kind, attempts, detail }: Delivery): Promise<boolean> {
    if (kind === 'stopped' || kind === 'ended') return false
    if (kind === 'delivered') this.#delivered++
    else {
      const by = this.name
      if (!(await bury(this.#parts.graveyard, record, { by, reason: kind, detail, attempts }, signal))) return false
      this.#dead++
      if (events.dead.hasSubscribers) events.dead.publish({ by, reason: kind })
    }
    return true
  }

  #writing(items: Items): () => Message {
    const { url, format, key, token, type } = this.#options
    const [first, ...rest] = items
    const { id, headers, body } = formats[format]([
      eventOf(first.record, type),
      ...rest.map(({ record }) => eventOf(record, type)),
    ])
    const fixed = ['user-agent', 'sluice', ...headers, ...(token === null ? [] : ['authorization', `Bearer ${token}`])]
    const path = `${url.pathname}${url.search}`
    // signed anew for each attempt, as a receiver refuses what is old
    return () => ({ path, headers: key === null ? fixed : [...fixed, ...signed(key, id, body)], body })
  }
}

type Items = readonly [Item, ...Item[]]
