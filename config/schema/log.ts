import { z } from 'zod'
import { hour, ms, percent } from './value.ts'

export const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export const Log = z.strictObject({
  level: z.enum(levels).default('info').describe('Least level that is written; `PUT /log` changes it while it runs.'),
  file: z.string().optional().describe('File to append to. Default: standard output.'),
  requests: z.boolean().default(true).describe('One line for each request.'),
  samplePercent: percent()
    .default(100)
    .describe(
      'How many of the requests that were answered without a problem are written. Problems and slow ones are in any case.',
    ),
  slowMs: ms(1, hour)
    .optional()
    .describe('From this time on an answered request is a line at `warn` that tells where its time went.'),
  refusals: z
    .enum(['summed', 'each'])
    .default('summed')
    .describe(
      'What policies refuse: `summed`, the first of each reason (route, policy, code) in a second is a line, the others one line with their count; `each`, all of them.',
    ),
})
