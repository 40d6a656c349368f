import type { RouteOptions } from '../../../config/schema/index.ts'
import { headersOf } from './parts.ts'
import type { Json } from './parts.ts'
import { schemaRef } from './schemas.ts'
import type { ShownOf } from './schemas.ts'
import { jsonText } from './stream.ts'

type View = NonNullable<RouteOptions['view']>

const text = { type: 'string' } as const
const query = (name: string, description: string, schema: Json = text): Json => ({
  name,
  in: 'query',
  description,
  schema,
})
const header = (name: string, description: string): Json => ({ name, in: 'header', description, schema: text })

const position = header('Sluice-Position', 'What the view must show: as an earlier answer said.')

/** What a request for a view may bring beside its path. */
export const viewParameters = ({ key, index, maxPageSize, pageSize }: View): readonly Json[] =>
  key === undefined
    ? [
        query('limit', 'Most entries.', { type: 'integer', minimum: 1, maximum: maxPageSize, default: pageSize }),
        query('cursor', 'Where to go on: `next` of the page before.'),
        query('prefix', 'With what the keys begin.'),
        ...Object.entries(index).map(([name, pointer]) => query(name, `What the value has at ${pointer}.`)),
        position,
      ]
    : [
        header('If-None-Match', 'What the client has: 304 when it is still so.'),
        header('Prefer', '`wait=N`: wait so many seconds for another value than `If-None-Match`.'),
        position,
      ]

/** What a view answers when nothing fails, by status. */
export function viewAnswers(
  name: string,
  { key, contentType, format }: View,
  quota: readonly string[],
  shown: ShownOf,
): Readonly<Record<string, Json>> {
  const record = format === 'plain' ? schemaRef(name, 'record', shown) : null // else it is a row of what it describes
  const value = record === null ? {} : { schema: record }
  return key === undefined
    ? {
        200: {
          description: 'A page, in the order of the keys.',
          headers: headersOf(...quota),
          content: { 'application/json': { schema: page(record, schemaRef(name, 'key', shown)) } },
        },
      }
    : {
        200: {
          description: 'The latest value of the key.',
          headers: headersOf('ETag', 'Last-Modified', ...quota),
          content: { [contentType]: value, '*/*': {} }, // a record may say another type of its own
        },
        304: { description: 'The value is still what the client has.' },
      }
}

const page = (value: Json | null, key: Json | null): Json => ({
  type: 'object',
  required: ['items'],
  properties: {
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['etag', 'modified'],
        properties: {
          key: key === null ? text : jsonText(key),
          etag: text,
          modified: { ...text, format: 'date-time' },
          ...(value !== null && { value }),
        },
      },
    },
    next: text,
  },
})
