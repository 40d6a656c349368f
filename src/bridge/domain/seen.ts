import type { DomainReplies } from '../../../config/schema/index.ts'
import type { Incoming } from '../broker.ts'
import { jsonOf } from '../feeds/content.ts'
import { lookOf } from '../feeds/filter.ts'
import { fromOutbox } from './outbox.ts'

/** A domain event: what it is matched by, what it tells of, and its own id; null: it does not say. */
export type Seen = Readonly<{ record: Incoming; key: string | null; type: string | null; id: string | null }>

/** Where an event says its type and its id, unless told otherwise. */
const usual = {
  plain: { type: 'header.ce_type', id: 'header.ce_id' },
  outbox: { type: 'header.eventType', id: 'header.id' },
} as const

/** Makes the function that reads the events of a topic. Their values are parsed only where a JSON pointer looks into them. */
export function seeing({
  match,
  format,
  type = usual[format].type,
}: Pick<DomainReplies, 'match' | 'format' | 'type'>): (record: Incoming) => Seen {
  const [keyAt, typeAt, idAt] = [lookOf(match), lookOf(type), lookOf(usual[format].id)]
  const parses = match.startsWith('/') || type.startsWith('/')
  const decode = format === 'outbox' ? fromOutbox : (record: Incoming): Incoming => record
  return function see(written) {
    const record = decode(written)
    const json = parses ? jsonOf(record) : undefined
    return { record, key: keyAt(record, json), type: typeAt(record, json), id: idAt(record, json) }
  }
}
