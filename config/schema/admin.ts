import { z } from 'zod'
import { count, meta, port, path } from './value.ts'

export const Admin = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on.'),
  port: port().default(9090).describe('TCP port; 0 takes a free one.'),
  token: z
    .string()
    .min(16)
    .max(1_024)
    .meta(meta({ secret: true }))
    .optional()
    .describe(
      'What whoever changes something must show as `Authorization: Bearer`; better: `tokenFile`. Without it nothing can be changed.',
    ),
  console: z.boolean().default(true).describe('Whether `/console` shows the gateway live.'),
  calls: count(0, 100_000)
    .default(1_000)
    .describe('Calls that ended last and are remembered for `/calls/ID`; 0: none.'),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where operators reach this port, such as `https://ops.example/sluice-1`. With it the `instance` of a problem is the URL of its call there, else the URN of its id.',
    ),
  tokenFile: path().optional().describe('File that holds the token; a line break at its end is dropped.'),
})
