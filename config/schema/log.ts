import { z } from 'zod'

export const Log = z.strictObject({
  level: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is written.'),
  file: z.string().optional().describe('File to append to. Default: standard output.'),
  requests: z.boolean().default(true).describe('One line for each request.'),
})
