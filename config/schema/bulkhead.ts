import { z } from 'zod'
import { ms, count, percent, Mode } from './value.ts'

export const Bulkhead = z.strictObject({
  mode: Mode,
  limit: z
    .enum(['adaptive', 'fixed'])
    .default('adaptive')
    .describe(
      '`adaptive`: as many slots as the worker answers without a queue in its topic, by the time from acknowledgement to reply. `fixed`: always `slots`.',
    ),
  slots: count(1, 100_000)
    .default(512)
    .describe(
      'Commands in flight at once; of an adaptive limit the most, and where it begins before it knows the worker. A slot is free at the reply or when the command expires, not when the client leaves.',
    ),
  min: count(1, 100_000)
    .default(8)
    .describe('The least that an adaptive limit falls to, also when it looks how quick the worker is at rest.'),
  slackMs: ms(0, 60_000)
    .default(40)
    .describe('A reply that takes at most so much longer than at rest is never taken for overload.'),
  queue: count(0, 100_000)
    .default(128)
    .describe(
      'Calls waiting for a slot; the next one is refused. Fewer while slots come free too slowly for all of them.',
    ),
  maxWaitMs: ms(0, 60_000)
    .default(100)
    .describe('Longest wait for a slot; never more than a tenth of the time that the call has left.'),
  partitionPercent: percent()
    .default(50)
    .describe(
      'Share of the slots that one partition of the topic may hold while it is silent, so that it does not take all; 100 for no cap.',
    ),
})
