import { z } from 'zod'
import { day, headerName, ms, text } from './value.ts'

const origin = text(
  /^(\*|[a-z][a-z0-9+.-]*:\/\/[a-z0-9.:_[\]-]+)$/,
  'an origin in lower case without a slash at its end, such as https://shop.example, or *',
)

export const Cors = z.strictObject({
  origins: z
    .array(origin)
    .min(1)
    .max(256)
    .describe('Origins whose pages may call the route and read its answers; `*` for any, then without `credentials`.'),
  credentials: z.boolean().default(false).describe('Whether browsers may send cookies and other credentials along.'),
  requestHeaders: z
    .array(headerName)
    .max(64)
    .default([])
    .describe(
      'Request headers that pages may set, besides those that the route reads or passes on, `content-type`, `prefer`, `idempotency-key`, `last-event-id` and the trace context. `authorization` must be named.',
    ),
  exposedHeaders: z
    .array(headerName)
    .max(64)
    .default([])
    .describe("Headers of answers that pages may read, besides the gateway's own and `replyHeaders`."),
  maxAgeMs: ms(0, day).default(600_000).describe('How long a browser may remember the answer to its preflight.'),
})
