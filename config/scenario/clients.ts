import { z } from 'zod'
import { count, day, hour, ms, percent, text } from '../schema/value.ts'

const perSecond = () => z.number().min(0).max(200_000)

export const Stretch = z
  .strictObject({
    forMs: ms(1, day).describe('How long this stretch of the load is.'),
    perSecond: perSecond().optional().describe('Requests a second, at its beginning where `to` is given.'),
    to: perSecond().optional().describe('Requests a second at its end: a ramp. Default: as at its beginning.'),
    steps: z
      .array(perSecond())
      .min(1)
      .max(100)
      .optional()
      .describe('Instead: one rate after the other, each for the same part of the time.'),
  })
  .describe('A stretch of the load; they follow each other.')

const Closed = z.strictObject({
  users: count(1, 10_000).describe('Users at once: each asks, waits for the answer, thinks, and asks again.'),
  thinkMs: ms(0, hour).default(0).describe('How long a user thinks before the next request.'),
  forMs: ms(1, day).describe('How long they go on.'),
})

const Request = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('HTTP method.'),
  path: text(/^\/[\x21-\x7e]{0,2000}$/, 'a path that begins with /')
    .default('/orders')
    .describe('Path, with values.'),
  headers: z
    .record(
      text(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'a header name'),
      text(/^[\x20-\x7e]{0,4000}$/, 'printable text'),
    )
    .default({})
    .describe('Headers besides Host, Content-Type, Content-Length and X-Forwarded-For, with values.'),
  body: z
    .string()
    .max(1_000_000)
    .default('{"orderId":"{{key}}","id":"{{id}}","wantedUntil":{{wantedUntil}}}')
    .describe(
      'Body, with values: `{{id}}` of the request, `{{key}}`, `{{client}}`, `{{seq}}` (0, 1, 2, …), `{{int 1 100}}`, `{{pick a b c}}`, `{{uuid}}`, `{{wantedUntil}}`. Where it has `"id":"{{id}}"` the run keeps a ledger.',
    ),
})

const Retry = z.strictObject({
  attempts: count(2, 100).describe('Sendings of one request in all.'),
  baseMs: ms(0, hour).default(100).describe('The wait before sending n + 1 is uniform between 0 and this · 2ⁿ.'),
  obey: z.boolean().default(false).describe('Whether clients wait at least as long as Retry-After says.'),
})

export const Client = z
  .strictObject({
    load: z.array(Stretch).min(1).max(100).optional().describe('Requests come when they are due (open model).'),
    arrivals: z
      .enum(['poisson', 'constant'])
      .default('poisson')
      .describe('Whether requests come independently of each other, or evenly spaced.'),
    closed: Closed.optional().describe('Instead of `load`: users who wait for their answers (closed model).'),
    request: Request.prefault({}).describe('What is asked.'),
    patienceMs: ms(1, hour).default(5_000).describe('After this time a client hangs up.'),
    retry: Retry.optional().describe('What clients repeat. Not given: a request that fails is given up.'),
    addresses: count(1, 60_000)
      .default(100)
      .describe('How many different addresses they come from, by X-Forwarded-For.'),
    keys: count(1, 1_000_000)
      .optional()
      .describe('How many different keys they use. Default: another one for each request.'),
    partitions: z
      .array(count(0, 11))
      .min(1)
      .max(12)
      .optional()
      .describe('Only keys whose commands come into these partitions (of 12). Of `keys`, which is 1,000 then.'),
    hotPercent: percent().default(0).describe('Share of the requests that use one and the same key, `hot`.'),
  })
  .describe('Clients of one class.')
