import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Json } from './parts.ts'
import { schemaRef } from './schemas.ts'
import type { ShownOf } from './schemas.ts'

const text = { type: 'string' } as const
const notices = ['tombstone', 'bytes', 'gap', 'lagging', 'end']

/** What a stream answers when nothing fails, by status. The schemas are those of a line, and of an event. */
export function streamAnswers(name: string, route: RouteOptions, shown: ShownOf): Readonly<Record<string, Json>> {
  const record = isTold(route) ? schemaRef(name, 'record', shown) : null
  const key = schemaRef(name, 'key', shown)
  const content = {
    'text/event-stream': record === null ? {} : { schema: message(jsonText(record), key) },
    'application/x-ndjson': record === null ? {} : { schema: message(record, key) },
  }
  return {
    200: { description: 'The records, as they come.', content },
    204: { description: 'There is nothing more.' },
  }
}

/** Whether clients get the value of the record as its schema describes it. */
const isTold = ({ stream }: RouteOptions): boolean =>
  stream?.as === 'value' && stream.fields === undefined && stream.format === 'plain'

const message = (data: Json, key: Json | null): Json => ({
  anyOf: [
    { type: 'object', description: 'A record.', required: ['id', 'data'], properties: { id: text, data } },
    {
      type: 'object',
      description: 'What else there is to tell: a value that is gone, records that were missed, where it would go on.',
      properties: { id: text, event: { ...text, enum: notices }, key: key === null ? text : jsonText(key) },
    },
  ],
})

/** A text that holds JSON of this kind. */
export const jsonText = (contentSchema: Json): Json => ({
  type: 'string',
  contentMediaType: 'application/json',
  contentSchema,
})
