import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../call.ts'
import type { Sink } from '../../feed.ts'
import { Problem } from '../../problem.ts'
import type { Past } from '../past.ts'
import { visitOf } from './asked.ts'
import type { Places } from './places.ts'
import type { Stream } from './stream.ts'
import { Visitor } from './visit.ts'

export type OpenOptions = Readonly<{ stream: Stream; past: Past; places: Places; delivery: RouteOptions['delivery'] }>

const nothing = Buffer.alloc(0)

/** Opens the stream of a call: the innermost service of a stream route. Its reply is joined by whoever carries it to the client. */
export function openFeed({ stream, past, places, delivery }: OpenOptions): Service<Call, Reply> {
  return async function openFeed({ told }) {
    if (stream.tails.some(({ windows }) => windows.length === 0))
      throw new Problem('not-ready', 'The topics of the stream are not being read yet.', { retryAfterMs: 1_000 })
    const visit = await visitOf(told, stream, past, delivery)
    const { start, until } = visit
    const over =
      until !== null &&
      until.every((ends, at) => ends.every((end, partition) => (start.offsets[at]?.[partition] ?? 0) >= end))
    const join = (sink: Sink): Disposable => new Visitor({ stream, past, places }, visit, sink)
    return { status: 200, headers: [], body: nothing, feed: { over, join } }
  }
}
