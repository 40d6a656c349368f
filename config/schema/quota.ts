import { z } from 'zod'
import { ms, count, bytes, hour, mebi, name, text, Mode } from './value.ts'

export const windowMs = () =>
  ms(100, 24 * hour)
    .default(1_000)
    .describe('Length of the window over which the quota refills.')

export const shared = z
  .boolean()
  .default(true)
  .describe('Whether all instances share it, where `redis` is given; else each has it to itself.')

export const Total = z.strictObject({
  mode: Mode,
  requests: count(1, 10_000_000).describe('Requests allowed in each window.'),
  windowMs: windowMs(),
  shared,
})

export const quotaBytes = () =>
  bytes(1, 1_024 * 1_024 * mebi)
    .optional()
    .describe('Bytes of request bodies allowed in each window; a larger body costs a whole window.')

export const Quota = z.strictObject({
  mode: Mode,
  per: text(/^(client|claim\.[\x21\x23-\x5b\x5d-\x7e]{1,256})$/, 'client, or claim.<name>')
    .default('client')
    .describe('Who is counted: each client, or all with one value of a verified claim, such as `claim.org`.'),
  requests: count(1, 10_000_000).optional().describe('Requests allowed in each window.'),
  bytes: quotaBytes(),
  windowMs: windowMs(),
  windows: z
    .array(
      z.strictObject({
        name: name.optional().describe('Its name in `RateLimit`. Default: its length, such as `1s`.'),
        requests: count(1, 10_000_000).optional().describe('Requests allowed in each window.'),
        bytes: quotaBytes(),
        windowMs: windowMs(),
      }),
    )
    .max(8)
    .optional()
    .describe(
      'Several windows instead of one, each a mapping of `name`, `requests`, `bytes` and `windowMs`; a call must fit into all of them.',
    ),
  shared,
})
