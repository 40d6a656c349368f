import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../call.ts'
import type { Past } from '../past.ts'
import type { ReadRecord } from '../schemas/index.ts'
import { openFeed } from './open.ts'
import { Places } from './places.ts'
import { Stream } from './stream.ts'
import type { Tails } from './tails.ts'

/** Over which readers, and how the records of a route are read. */
export type FollowedBy = Readonly<{ tails: Tails; past: Past; records: (route: string) => ReadRecord | null }>

/** The streams of all routes that are some. */
export class Feeds implements Disposable {
  readonly #services = new Map<string, Service<Call, Reply>>()
  readonly #streams: Stream[] = []

  constructor(routes: Readonly<Record<string, RouteOptions>>, { tails, past, records }: FollowedBy) {
    for (const [name, { stream: options, delivery }] of Object.entries(routes)) {
      if (options === undefined || options.protocol !== 'sluice') continue
      const stream = new Stream(
        name,
        options,
        options.topics.map(topic => tails.of(topic)),
        records(name),
      )
      this.#streams.push(stream)
      this.#services.set(name, openFeed({ stream, past, places: new Places(options.readers), delivery }))
    }
  }

  /** Who opens the stream of a route. */
  serviceOf(route: string): Service<Call, Reply> | undefined {
    return this.#services.get(route)
  }

  [Symbol.dispose](): void {
    for (const stream of this.#streams) stream[Symbol.dispose]()
  }
}
