import { z } from 'zod'
import { count, name, text } from './value.ts'

const Until = z.strictObject({
  status: z.array(count(200, 599)).min(1).max(32).optional().describe('Statuses of the reply. Default: any below 500.'),
  of: text(/^(\/([^~/]|~[01])*){1,32}$/, 'a JSON pointer, such as /price')
    .optional()
    .describe('What of the reply is compared: a JSON pointer.'),
  equals: z
    .union([z.string().max(1_024), z.number(), z.boolean()])
    .optional()
    .describe('With what, as text.'),
})

export const Gather = z.strictObject({
  also: z.array(name).max(64).default([]).describe('More workers that get the command, each on its topic.'),
  partitions: z
    .boolean()
    .default(false)
    .describe('Whether each partition of a topic gets it: then every member of a group is asked.'),
  complete: count(1, 10_000)
    .optional()
    .describe('How many replies below 500 are enough. Default: all, one of each worker or partition.'),
  until: Until.optional().describe('A reply for which all of this holds is enough by itself.'),
  minimum: count(1, 10_000)
    .default(1)
    .describe('With fewer replies, when no more can come or the time is over, the answer is 504 `too-few-replies`.'),
  as: z
    .enum(['array', 'object'])
    .default('array')
    .describe('`array`: the parts in the order they are named. `object`: by their names.'),
})
