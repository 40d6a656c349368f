import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../call.ts'
import type { Broker } from '../broker.ts'
import { openFeed } from './open.ts'
import { Places } from './places.ts'
import { Stream } from './stream.ts'
import { Tail } from './tail.ts'
import type { WindowBound } from './window.ts'

/** The streams of all routes, and one reader for each of their topics. */
export class Feeds implements AsyncDisposable {
  readonly #tails = new Map<string, Tail>()
  readonly #services = new Map<string, Service<Call, Reply>>()
  readonly #streams: Stream[] = []

  constructor(routes: Readonly<Record<string, RouteOptions>>, broker: Broker) {
    const bounds = boundsOf(Object.values(routes))
    for (const [topic, bound] of bounds) this.#tails.set(topic, new Tail(broker, topic, bound))
    for (const [name, { stream: options, delivery }] of Object.entries(routes)) {
      if (options === undefined) continue
      const tails = options.topics.flatMap(topic => this.#tails.get(topic) ?? [])
      const stream = new Stream(name, options, tails)
      this.#streams.push(stream)
      const places = new Places(options.readers)
      this.#services.set(name, openFeed({ stream, past: broker.past, places, delivery }))
    }
  }

  /** Who opens the stream of a route. */
  serviceOf(route: string): Service<Call, Reply> | undefined {
    return this.#services.get(route)
  }

  /** Resolves when all topics are read. Throws a Problem: it may be called again. */
  async open(): Promise<void> {
    for (const tail of this.#tails.values()) await tail.open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream[Symbol.dispose]()
    await Promise.all([...this.#tails.values()].map(tail => tail[Symbol.asyncDispose]()))
  }
}

/** Of routes that share a topic the largest window. */
function boundsOf(routes: readonly RouteOptions[]): ReadonlyMap<string, WindowBound> {
  const bounds = new Map<string, WindowBound>()
  for (const { stream } of routes)
    for (const topic of stream?.topics ?? []) {
      const { records = 0, bytes = 0 } = bounds.get(topic) ?? {}
      bounds.set(topic, {
        records: Math.max(records, stream?.windowRecords ?? 0),
        bytes: Math.max(bytes, stream?.windowBytes ?? 0),
      })
    }
  return bounds
}
