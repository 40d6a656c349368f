import type { RouteOptions } from '../../config/schema/index.ts'
import type { Call, Reply, Service } from '../call.ts'
import type { Broker } from './broker.ts'
import { Feeds } from './feeds/index.ts'
import { Tails } from './feeds/tails.ts'
import { Views } from './views/index.ts'
import type { Tell } from './views/index.ts'
import type { SqliteRows } from './views/sqlite.ts'

/** Whatever follows topics: streams and views, over one reader for each topic. */
export class Following implements AsyncDisposable {
  readonly #broker: Broker
  readonly #tails: Tails
  readonly #feeds: Feeds
  readonly #views: Views

  constructor(routes: Readonly<Record<string, RouteOptions>>, broker: Broker, sqlite: typeof SqliteRows | null) {
    this.#broker = broker
    this.#tails = new Tails(Object.values(routes), broker)
    this.#feeds = new Feeds(routes, this.#tails, broker.past)
    this.#views = new Views(routes, { tails: this.#tails, past: broker.past, sqlite })
  }

  /** The core of a route's calls. */
  serviceOf(route: string): Service<Call, Reply> | undefined {
    return this.#feeds.serviceOf(route) ?? this.#views.serviceOf(route)
  }

  /** The topics whose views are to be built. */
  get views(): readonly string[] {
    return this.#views.topics
  }

  /** Resolves when all topics are read. Throws a Problem: it may be called again. */
  open(): Promise<void> {
    return this.#tails.open()
  }

  /** Builds the views; resolves when each has caught up or is given up. */
  build(tell: Tell, signal: AbortSignal): Promise<void> {
    return this.#views.build(this.#broker.admin, tell, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feeds[Symbol.dispose]()
    await this.#tails[Symbol.asyncDispose]()
    this.#views[Symbol.dispose]()
  }
}
