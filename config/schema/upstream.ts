import { z } from 'zod'
import { breaker } from './breaker.ts'
import { Tls } from './broker.ts'
import { isPlainUrl } from './fallback.ts'
import { bytes, count, day, hour, isAddress, mebi, meta, ms, percent, text } from './value.ts'

const url = z
  .string()
  .refine(isPlainUrl)
  .meta(meta({ allowed: 'a URL with http:// or https:// without user, query and fragment' }))

export const Upstream = z
  .strictObject({
    urls: z
      .array(url)
      .min(1)
      .max(256)
      .describe(
        'Servers that do the same. Path and query of a request are appended. With `dns` their hosts are resolved.',
      ),
    dns: z
      .strictObject({
        type: z
          .enum(['address', 'srv'])
          .default('address')
          .describe(
            '`address`: A and AAAA records of the host. `srv`: SRV records, whose ports count, and their targets.',
          ),
        servers: z
          .array(
            z
              .string()
              .refine(isAddress)
              .meta(meta({ allowed: 'an address host:port' })),
          )
          .max(8)
          .default([])
          .describe('Who is asked, host:port. Default: the name servers of the system.'),
        timeoutMs: ms(10, 60_000).default(2_000).describe('Longest wait for an answer.'),
        minMs: ms(100, day).default(1_000).describe('Shortest time between two questions, whatever the time to live.'),
        maxMs: ms(100, day).default(300_000).describe('Longest time between two questions, whatever the time to live.'),
      })
      .optional()
      .describe(
        'Every address that a host has is an endpoint, and is asked for anew by its time to live. Default: one endpoint for each URL.',
      ),
    connections: count(1, 10_000)
      .default(32)
      .describe('Connections to each endpoint, kept alive, each with one call at a time; none waits.'),
    connectMs: ms(10, 60_000).default(1_000).describe('Longest that connecting may take.'),
    replyBytes: bytes(0, 256 * mebi)
      .default(mebi)
      .describe('Largest body of an answer; a larger one is cut off and is no answer.'),
    tls: Tls.optional().describe('For https: whom to trust and who we are. Files are read anew with each connection.'),
    attempts: count(1, 10).default(2).describe('Endpoints that one call may be sent to, one after the other.'),
    retryOn: z
      .array(count(400, 599))
      .max(16)
      .default([502, 503, 504])
      .describe(
        'Statuses after which a GET, HEAD, OPTIONS, PUT or DELETE goes to another endpoint. What was certainly not sent goes there in any case.',
      ),
    budget: z
      .strictObject({
        percent: percent().default(10).describe('Repetitions allowed, as a share of the calls.'),
        floor: count(0, 10_000).default(10).describe('Repetitions allowed at once, however few the calls.'),
      })
      .prefault({})
      .describe('What bounds the repetitions together.'),
    breaker: breaker(20, 1_000, 30_000)
      .extend({
        failOn: z
          .array(count(200, 599))
          .default([500, 502, 503, 504])
          .describe('Statuses that count as failures of the endpoint.'),
      })
      .prefault({})
      .describe('The circuit of each endpoint.'),
    checks: z
      .strictObject({
        path: text(/^\/[\x21-\x7e]{0,1024}$/, 'a path, such as /healthz').describe(
          'What is asked for; 200 to 399 is well.',
        ),
        everyMs: ms(10, hour).default(5_000).describe('Time between two checks, ± 10 %.'),
        timeoutMs: ms(10, 60_000).default(1_000).describe('Longest wait for the answer.'),
        healthy: count(1, 100).default(2).describe('Good answers in a row after which an endpoint gets calls again.'),
        unhealthy: count(1, 100).default(2).describe('Bad ones in a row after which it gets none.'),
      })
      .optional()
      .describe('Active checks of each endpoint. Off unless given.'),
    outliers: z
      .strictObject({
        mode: z.enum(['enforce', 'off']).default('enforce').describe('`off` puts none aside.'),
        everyMs: ms(10, hour).default(1_000).describe('How often the endpoints are compared.'),
        minCalls: count(1, 100_000)
          .default(10)
          .describe('Calls of an endpoint since it was last judged, for it to be judged again.'),
        failurePercent: percent(1)
          .default(30)
          .describe('More failures than the median of the others, in points, that put it aside.'),
        slowFactor: z
          .number()
          .min(1.1)
          .max(1_000)
          .default(5)
          .describe('Times as slow as the median of the others, and 20 ms at least, that put it aside.'),
        ejectMs: ms(10, hour).default(5_000).describe('How long; doubled each time, up to 64 times.'),
        maxPercent: percent().default(50).describe('Largest share of the endpoints that is put aside.'),
      })
      .prefault({})
      .describe('Endpoints that fail or are slow while the others are not get no calls for a time.'),
  })
  .describe('Servers that do the same: their addresses, how they are watched, and what stands before each.')
