import type { RouteOptions } from '../../../config/schema/index.ts'
import { headersOf } from './parts.ts'
import type { Json } from './parts.ts'

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
export const viewAnswers = ({ key, contentType }: View, quota: readonly string[]): Readonly<Record<string, Json>> =>
  key === undefined
    ? {
        200: {
          description: 'A page, in the order of the keys.',
          headers: headersOf(...quota),
          content: { 'application/json': { schema: { type: 'object', required: ['items'] } } },
        },
      }
    : {
        200: {
          description: 'The latest value of the key.',
          headers: headersOf('ETag', 'Last-Modified', ...quota),
          content: { [contentType]: {}, '*/*': {} }, // a record may say another type of its own
        },
        304: { description: 'The value is still what the client has.' },
      }
