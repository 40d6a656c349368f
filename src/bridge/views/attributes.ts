import type { Pair } from '../../call.ts'
import type { Incoming } from '../broker.ts'
import { textOf } from '../feeds/content.ts'
import { eventOf } from '../push/event.ts'
import { toHeader } from '../push/format.ts'

/** The attributes of a record's CloudEvent as headers (HTTP binding 1.0, binary mode); null when its value is a whole event already. */
export function attributesOf(record: Incoming): readonly Pair[] | null {
  const type = record.headers.find(([name]) => name === 'content-type')?.[1]
  if (type !== undefined && /^application\/cloudevents/i.test(textOf(type))) return null
  return eventOf(record, 'record').attributes.map(([name, value]) => [`ce-${name}`, toHeader(value)] as const)
}
