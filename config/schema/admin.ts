import { z } from 'zod'
import { meta, port, path } from './value.ts'

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
  tokenFile: path().optional().describe('File that holds the token; a line break at its end is dropped.'),
})
