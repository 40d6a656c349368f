import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Readable } from '../readied.ts'
import { Tail } from './tail.ts'
import type { WindowBound } from './window.ts'

/** The live ends of all topics that streams tell and views show: one for each, whoever follows it. */
export class Tails implements AsyncDisposable {
  readonly #tails: ReadonlyMap<string, Tail>

  constructor(routes: readonly RouteOptions[], broker: Readable) {
    this.#tails = new Map(Array.from(boundsOf(routes), ([topic, bound]) => [topic, new Tail(broker, topic, bound)]))
  }

  of(topic: string): Tail {
    const tail = this.#tails.get(topic)
    if (tail === undefined) throw new Error(`Nobody follows ${topic}.`) // the configuration names all of them
    return tail
  }

  /** Resolves when all topics are read. Throws a Problem: it may be called again. */
  async open(): Promise<void> {
    for (const tail of this.#tails.values()) await tail.open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#tails.values()].map(tail => tail[Symbol.asyncDispose]()))
  }
}

/** Enough for a view to come from a page to what is new. */
const ofView: WindowBound = { records: 1_000, bytes: 4 * 1_048_576 }

/** Of routes that share a topic the largest window. */
function boundsOf(routes: readonly RouteOptions[]): ReadonlyMap<string, WindowBound> {
  const bounds = new Map<string, WindowBound>()
  const want = (topic: string, { records, bytes }: WindowBound): void => {
    const known = bounds.get(topic)
    bounds.set(topic, { records: Math.max(records, known?.records ?? 0), bytes: Math.max(bytes, known?.bytes ?? 0) })
  }
  for (const { stream, view } of routes) {
    for (const topic of stream?.topics ?? [])
      want(topic, { records: stream?.windowRecords ?? 0, bytes: stream?.windowBytes ?? 0 })
    if (view !== undefined) want(view.topic, ofView)
  }
  return bounds
}
