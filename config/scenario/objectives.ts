import { z } from 'zod'
import { count, day, ms, name, percent } from '../schema/value.ts'

const limitMs = (what: string) => ms(0, day).optional().describe(what)

export const Objective = z
  .strictObject({
    during: name.optional().describe('A phase, or a fault by its name. Default: the whole run.'),
    of: name.optional().describe('Only these clients. Default: all.'),
    answeredPercent: percent()
      .optional()
      .describe('At least: requests answered, by whichever sending, of those asked.'),
    goodputPercent: percent()
      .optional()
      .describe(
        'At least: requests answered in time, of what was possible: what was asked, and no more than the workers can do.',
      ),
    p50Ms: limitMs('At most: half of the answers, from the intended sending.'),
    p99Ms: limitMs('At most: 99 of 100 answers, from the intended sending.'),
    refusalP99Ms: limitMs('At most: 99 of 100 refusals.'),
    lost: count(0, 1_000_000_000).optional().describe('At most: sendings whose connection broke.'),
    inDoubt: count(0, 1_000_000_000).optional().describe('At most: sendings that failed, and may be in the topic.'),
    wastedPercent: percent().optional().describe('At most: commands executed for nobody, of those executed.'),
    amplification: z.number().min(1).max(100).optional().describe('At most: sendings for each request.'),
    detectMs: limitMs(
      'At most: from the beginning of the fault until calls are refused instead of waiting in vain. With `during` a fault.',
    ),
    recoverMs: limitMs(
      'At most: from the end of the fault until nearly all that is asked is answered again. With `during` a fault.',
    ),
  })
  .describe('What must hold; each measure in it is a line of the verdict.')

export const measures = [
  'answeredPercent',
  'goodputPercent',
  'p50Ms',
  'p99Ms',
  'refusalP99Ms',
  'lost',
  'inDoubt',
  'wastedPercent',
  'amplification',
  'detectMs',
  'recoverMs',
] as const
