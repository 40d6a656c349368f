import type { RouteOptions } from '../../../config/schema/index.ts'
import { headerOf } from '../../call.ts'
import type { Told } from '../../call.ts'
import { parseTime } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Past, Place } from '../past.ts'
import type { Position } from './position.ts'
import type { Stream } from './stream.ts'
import type { Visit } from './visit.ts'

/** The names that a stream's query has of its own. */
export const ownParameters: readonly string[] = ['from', 'until', 'lastEventId']

/**
 * What a request asks of a stream: by its header Last-Event-ID, its query parameters `lastEventId`, `from` and `until`, and those
 * that the filters look at. Where both are given, the position of the last event wins: an EventSource comes again with the same
 * URL. Throws invalid-request.
 */
export async function visitOf(
  { params, query, headers, claims }: Told,
  stream: Stream,
  past: Past,
  delivery: RouteOptions['delivery'],
): Promise<Visit> {
  const asked = new URLSearchParams(query)
  const wish = stream.filter.wishOf(new Map(params), asked, claims)
  const last = headerOf(headers, 'last-event-id') ?? asked.get('lastEventId')
  const from = asked.get('from')
  const until = asked.get('until')
  if (delivery !== 'replayable' && (from !== null || until !== null))
    throw invalid('The route is not replayable: it takes neither from nor until.')
  const positionOf = async (place: Place): Promise<Position> => {
    const topics = await Promise.all(stream.tails.map(({ topic }) => past.offsets(topic, place)))
    return { offsets: topics.map(offsets => offsets.map(Number)), logs: stream.logs }
  }
  const placed = (text: string): Promise<Position> | Position => {
    if (text === 'earliest') return positionOf('earliest')
    if (text === 'now') return stream.position
    const time = timeOf(text)
    return time === null ? stream.codec.decode(text) : positionOf(time)
  }
  const isNew = last === null || last === '' || delivery === 'volatile'
  return {
    wish,
    start: isNew ? await placed(from ?? 'now') : stream.codec.decode(last),
    until: until === null ? null : (await placed(until)).offsets,
  }
}

/** Epoch milliseconds, or a time of RFC 3339; null for what is neither. */
function timeOf(text: string): EpochMs | null {
  if (/^\d{1,15}$/.test(text)) return Number(text) as EpochMs
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return null
  return parseTime(text)
}

const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
