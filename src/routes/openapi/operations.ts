import { failure, headersOf, to } from './parts.ts'
import type { Json } from './parts.ts'

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } } as const
const prefer = {
  name: 'Prefer',
  in: 'header',
  description: '`wait=N`: answer after so many seconds at the latest, sooner when something changes.',
  schema: { type: 'string' },
} as const
const unknown = failure('No operation of this client has the id. Codes: unknown-operation.')
const state = { content: { 'application/json': { schema: to('schemas/Operation') } } }

/** The paths under which clients look at their operations. */
export const operationPaths = (path: string): Json => ({
  [path]: {
    get: {
      operationId: 'list-operations',
      summary: "The client's own operations, the latest first.",
      tags: ['operations'],
      parameters: [
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 } },
        { name: 'after', in: 'query', schema: { type: 'string' } },
      ],
      responses: {
        200: {
          description: 'A page of them.',
          headers: headersOf(),
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        default: failure('It cannot be answered.'),
      },
    },
  },
  [`${path}/{id}`]: {
    parameters: [id],
    get: {
      operationId: 'show-operation',
      summary: 'The reply of the operation, or how far it is.',
      tags: ['operations'],
      parameters: [prefer],
      responses: {
        202: {
          description: 'It is not done yet.',
          headers: headersOf('ETag', 'Sluice-Operation', 'Retry-After'),
          ...state,
        },
        304: { description: 'Nothing has changed since `If-None-Match`.' },
        404: unknown,
        410: failure('It expired, and nobody wants it any more. Codes: operation-expired.'),
        default: { description: 'The reply of the worker, with its status and headers; or the problem of the call.' },
      },
    },
    delete: {
      operationId: 'cancel-operation',
      summary: 'Asks the worker not to do it.',
      tags: ['operations'],
      responses: {
        200: { description: 'It is cancelled.', headers: headersOf('Sluice-Operation'), ...state },
        202: {
          description: 'The worker is asked, and has not said yet.',
          headers: headersOf('Sluice-Operation'),
          ...state,
        },
        404: unknown,
        409: failure('It goes on, is done, or its worker cannot be told. Codes: operation-running.'),
        default: failure('It cannot be answered.'),
      },
    },
  },
  [`${path}/{id}/events`]: {
    parameters: [id],
    get: {
      operationId: 'follow-operation',
      summary: 'Server-sent events: accepted, progress, the end.',
      tags: ['operations'],
      parameters: [{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }],
      responses: {
        200: { description: 'The events.', content: { 'text/event-stream': {} } },
        204: { description: 'There is nothing more.' },
        404: unknown,
        default: failure('It cannot be answered.'),
      },
    },
  },
})
