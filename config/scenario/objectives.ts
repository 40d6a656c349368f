import { z } from 'zod'
import { count, day, meta, ms, name, percent, text } from '../schema/value.ts'

const limitMs = (what: string) => ms(0, day).optional().describe(what)
/** Refusals are quicker than the milliseconds of other durations are long. */
const fineMs = (what: string) =>
  z
    .number()
    .min(0)
    .max(day)
    .meta(meta({ unit: 'ms' }))
    .optional()
    .describe(what)
const phase = name.describe('Which phase, or fault.')

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
    refusalP99Ms: fineMs('At most: 99 of 100 refusals.'),
    p99Against: z
      .strictObject({
        phase,
        times: z.number().min(0).max(1_000).default(1).describe('So many times as long.'),
        plusMs: ms(0, day).default(0).describe('And so much longer.'),
      })
      .optional()
      .describe('At most: 99 of 100 answers, by those of another phase.'),
    answeredAgainst: z
      .strictObject({ phase, percent: percent().describe('Of what was answered there.') })
      .optional()
      .describe('At least: the share that was answered, of the share that was in another phase.'),
    neverRefusedMoreThan: name
      .optional()
      .describe('In no second a greater share is refused than of these clients. With `of`.'),
    refusedPercent: percent()
      .optional()
      .describe('At least: sendings refused, and certainly not in the topic, of all.'),
    refusedAs: text(/^[a-z]+(-[a-z]+)*$/, 'the code of a problem, such as no-worker')
      .optional()
      .describe('Of `refusedPercent`: only what was refused with this code counts.'),
    ofBestPercent: percent()
      .optional()
      .describe(
        'At least: answered in the seconds from which on twice as much is asked as was ever answered, of the best three seconds.',
      ),
    lost: count(0, 1_000_000_000).optional().describe('At most: sendings whose connection broke.'),
    inDoubt: count(0, 1_000_000_000).optional().describe('At most: sendings that failed, and may be in the topic.'),
    inVain: count(0, 1_000_000_000)
      .optional()
      .describe('At most: sendings that waited in vain: failed, hung up, or lost.'),
    inVainPerTrial: z
      .number()
      .min(0)
      .max(1_000)
      .optional()
      .describe('At most: sendings that waited in vain, for each trial of the worker’s circuit.'),
    latePercent: percent().optional().describe('At most: commands executed after they had expired, of those executed.'),
    circuitChanges: count(0, 1_000_000).optional().describe('At most: changes of the worker’s circuit.'),
    duplicateReplies: count(0, 1_000_000).optional().describe('At most: replies that came twice.'),
    memoryGrowthPercent: percent()
      .optional()
      .describe('At most: growth of the gateway’s resident memory in the second half.'),
    notReadyAfterMs: limitMs(
      'At most: until `/readyz` and `sluice_ready` say that the gateway is not ready, to the end.',
    ),
    wastedPercent: percent().optional().describe('At most: commands executed for nobody, of those executed.'),
    amplification: z.number().min(1).max(100).optional().describe('At most: sendings for each request.'),
    detectMs: limitMs(
      'At most: from the beginning of the fault until calls are refused instead of waiting in vain. With `during` a fault.',
    ),
    recoverMs: limitMs(
      'At most: from the end of the fault until nearly all that is asked is answered again. With `during` a fault.',
    ),
    steadyMs: limitMs(
      'At most: from the end of the fault until the first of three seconds on end in which 95 % of what is asked is answered. With `during` a fault.',
    ),
  })
  .describe('What must hold; each measure in it is a line of the verdict.')

export const measures = [
  'answeredPercent',
  'goodputPercent',
  'p50Ms',
  'p99Ms',
  'refusalP99Ms',
  'p99Against',
  'answeredAgainst',
  'neverRefusedMoreThan',
  'refusedPercent',
  'ofBestPercent',
  'lost',
  'inDoubt',
  'inVain',
  'inVainPerTrial',
  'latePercent',
  'circuitChanges',
  'duplicateReplies',
  'memoryGrowthPercent',
  'notReadyAfterMs',
  'wastedPercent',
  'amplification',
  'detectMs',
  'recoverMs',
  'steadyMs',
] as const
