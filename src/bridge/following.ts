import type { RouteOptions } from '../../config/schema/index.ts'
import { pause } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Call, Reply, Service } from '../call.ts'
import { Journal, durable } from './durable/index.ts'
import type { Publish } from './durable/index.ts'
import { tellProgress } from './feeds/catchup.ts'
import type { Progress, Tell } from './feeds/catchup.ts'
import { Feeds } from './feeds/index.ts'
import { Tails } from './feeds/tails.ts'
import type { Readable } from './readied.ts'
import type { ReadRecord } from './schemas/index.ts'
import { Views } from './views/index.ts'
import type { SqliteRows } from './views/sqlite.ts'

const againMs = 500

export type FollowingParts = Readonly<{
  broker: Readable
  records: (route: string) => ReadRecord | null
  sqlite: typeof SqliteRows | null
}>

/** Whatever follows topics: streams and views, over one reader for each topic. */
export class Following implements AsyncDisposable {
  readonly #broker: Readable
  readonly #tails: Tails
  readonly #feeds: Feeds
  readonly #views: Views
  readonly #journals = new Map<string, Journal>() // by route

  constructor(routes: Readonly<Record<string, RouteOptions>>, { broker, records, sqlite }: FollowingParts) {
    this.#broker = broker
    this.#tails = new Tails(Object.values(routes), broker)
    const followed = { tails: this.#tails, past: broker.past, records }
    this.#feeds = new Feeds(routes, followed)
    for (const [name, { stream }] of Object.entries(routes)) {
      const [topic] = stream?.topics ?? []
      if (stream?.protocol !== 'durable-streams' || topic === undefined) continue
      const bounds = { streams: stream.streams, defaultType: stream.contentType }
      this.#journals.set(name, new Journal({ tail: this.#tails.of(topic), past: broker.past, bounds }))
    }
    this.#views = new Views(routes, { ...followed, sqlite })
  }

  /** The core of a route's calls. */
  serviceOf(route: string, publish: Publish): Service<Call, Reply> | undefined {
    const journal = this.#journals.get(route)
    if (journal !== undefined) return durable(journal, publish)
    return this.#feeds.serviceOf(route) ?? this.#views.serviceOf(route)
  }

  /** The topics whose views and streams are to be built. */
  get views(): readonly string[] {
    return [...this.#views.topics, ...Array.from(this.#journals.values(), ({ topic }) => topic)]
  }

  /** Resolves when all topics are read. Throws a Problem: it may be called again. */
  open(): Promise<void> {
    return this.#tails.open()
  }

  /** Builds the views; resolves when each has caught up or is given up. */
  async build(tell: Tell, signal: AbortSignal): Promise<void> {
    const journals = Array.from(this.#journals.values(), journal => this.#read(journal, tell, signal))
    await Promise.all([...journals, this.#views.build(this.#broker.admin, tell, signal)])
  }

  async #read(journal: Journal, tell: Tell, signal: AbortSignal): Promise<void> {
    const { topic } = journal
    const watch = new AbortController()
    const progressOf = (): Progress => journal.progress
    const watching = tellProgress({ topic, progressOf, said: () => journal.said() }, tell, watch.signal)
    for (let done = false; !done && !signal.aborted;)
      try {
        await journal.build(signal)
        done = true
      } catch (error) {
        tell(topic, `The streams of ${topic} cannot be read: ${Problem.from(error).message}`)
        await pause(againMs, signal)
      }
    watch.abort()
    await watching
    if (!signal.aborted) tell(topic, null)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feeds[Symbol.dispose]()
    for (const journal of this.#journals.values()) journal[Symbol.dispose]()
    await this.#tails[Symbol.asyncDispose]()
    this.#views[Symbol.dispose]()
  }
}
