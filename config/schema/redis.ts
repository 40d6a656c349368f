import { z } from 'zod'
import { meta, ms, count, text, path, name } from './value.ts'

export const Redis = z.strictObject({
  url: text(/^rediss?:\/\/[^\s]+$/, 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS')
    .meta(meta({ secret: true, allowed: 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS' }))
    .optional()
    .describe('Where it is; better, when it holds a password: `urlFile`.'),
  urlFile: path().optional().describe('File that holds the URL; a line break at its end is dropped.'),
  prefix: name.default('sluice').describe('Beginning of our keys there: the gateways with the same one share quotas.'),
  instances: count(1, 10_000)
    .default(2)
    .describe(
      'How many gateways share it. While Redis cannot be asked, each spends its share of a quota, which is the quota divided by this.',
    ),
  clients: count(0, 100_000)
    .default(1_000)
    .describe('How many large clients are leased for at once; any more get the share of this instance.'),
  connectMs: ms(50, 60_000).default(1_000).describe('Longest that connecting may take.'),
  requestMs: ms(50, 60_000)
    .default(500)
    .describe('After this silence the connection is given up. No call waits for it.'),
})
