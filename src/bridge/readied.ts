import { Aborter } from '../aborter.ts'
import type { Signal } from '../aborter.ts'
import type { Broker, Handler, Incoming, PacingHandler, Reading, Source } from './broker.ts'
import type { Past, Stretch } from './past.ts'

/** What of a broker is needed to follow topics. */
export type Readable = Pick<Broker, 'admin' | 'past' | 'subscribe'>
/** What a record has to wait for, until the signal aborts; null: nothing. */
export type Ready = (record: Incoming, stop: Signal) => Promise<void> | null

/**
 * Reads as a broker does, but hands a record of these topics on only once it is ready, and those behind it in its partition after
 * it. What waits meanwhile is what the broker had read at once: it reads no further before.
 */
export class Readied implements Readable, Disposable {
  readonly admin: Readable['admin']
  readonly past: Past
  readonly #broker: Readable
  readonly #topics: ReadonlySet<string>
  readonly #ready: Ready
  readonly #stop = new Aborter()

  constructor(broker: Readable, topics: ReadonlySet<string>, ready: Ready) {
    this.#broker = broker
    this.#topics = topics
    this.#ready = ready
    this.admin = broker.admin
    this.past = {
      id: topic => broker.past.id(topic),
      offsets: (topic, place) => broker.past.offsets(topic, place),
      page: stretch => this.#page(stretch),
    }
  }

  async subscribe(source: Source, handler: Handler | PacingHandler): Promise<Reading> {
    if (!this.#topics.has(source.topic)) return await this.#broker.subscribe(source, handler)
    const lanes = new Map<number, Lane>()
    const moved: Source['moved'] = (partition, to) => {
      lanes.get(partition)?.records.splice(0) // they are of a log that is no more, or behind where it goes on
      source.moved?.(partition, to)
    }
    return await this.#broker.subscribe({ ...source, moved }, record => {
      const { partition } = record
      const lane = lanes.get(partition)
      if (lane !== undefined) {
        lane.records.push(record)
        return lane.done
      }
      const waits = this.#ready(record, this.#stop)
      if (waits === null) return handler(record)
      const records = [record]
      const done = this.#drain(records, handler).finally(() => lanes.delete(partition))
      lanes.set(partition, { records, done })
      return done
    })
  }

  async #drain(records: Incoming[], handler: Handler | PacingHandler): Promise<void> {
    for (let [first] = records; first !== undefined; [first] = records) {
      await this.#ready(first, this.#stop)
      if (this.#stop.aborted) return
      if (records[0] !== first) continue // it has moved
      records.shift()
      await handler(first)
    }
  }

  async #page(stretch: Stretch): ReturnType<Past['page']> {
    const page = await this.#broker.past.page(stretch)
    if (this.#topics.has(stretch.topic)) for (const record of page.records) await this.#ready(record, this.#stop)
    return page
  }

  /** Nothing waits any longer, and what waited is not handed on. */
  [Symbol.dispose](): void {
    this.#stop.abort(new Error('Nobody reads any longer.'))
  }
}

/** The records of a partition that wait, in their order. */
type Lane = Readonly<{ records: Incoming[]; done: Promise<void> }>
