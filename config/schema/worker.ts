import { z } from 'zod'
import { breaker } from './breaker.ts'
import { Bulkhead } from './bulkhead.ts'
import { Total } from './quota.ts'
import { ms, count, percent, hour, text, topicName, Mode } from './value.ts'

export const groupName = text(/^[^\s\p{Cc}]{1,249}$/u, 'the id of a consumer group: 1 to 249 characters, no blanks')

export const Watch = z.strictObject({
  everyMs: ms(100, 60_000).default(1_000).describe('How often the group is looked at.'),
  noWorker: Mode.describe('Of refusing what nobody serves, as the group has no member.'),
  behind: Mode.describe(
    'Of refusing what cannot be answered in time: the lag of its partition, by the pace at which it is worked off, is more than the call has left.',
  ),
})

export const Worker = z.strictObject({
  topic: topicName.describe('Topic of the commands.'),
  dialect: z
    .enum(['sluice', 'spring'])
    .default('sluice')
    .describe('Names and encodings of the record headers that the worker understands.'),
  replies: z
    .enum(['partition', 'broadcast'])
    .default('partition')
    .describe(
      '`partition`: the worker answers to the partition that the command names. `broadcast`: it ignores it, so every instance reads all partitions.',
    ),
  breaker: breaker(20, 5_000, 60_000)
    .extend({
      failOn: z
        .array(count(200, 599))
        .default([500, 502, 503, 504])
        .describe('Statuses of replies that count as failures of the worker.'),
      rebalanceGraceMs: ms(0, hour)
        .default(10_000)
        .describe(
          'Silence of calls begun while the group of the worker rebalances, or so long after, is no failure, unless their partition has answered since. Known only with `group`.',
        ),
      slowMs: ms(1, hour)
        .optional()
        .describe(
          "A success is slow when it took longer, from the broker's acknowledgement to the reply. Off unless given.",
        ),
      slowPercent: percent()
        .default(80)
        .describe('Share of slow ones among the successes that opens it, once there are `minCalls` of them.'),
    })
    .prefault({})
    .describe('The circuit of the worker, shared by its routes.'),
  bulkhead: Bulkhead.prefault({}).describe('The cap on its commands in flight.'),
  quota: Total.optional().describe(
    'What the worker may get in total, over all clients and routes. Leased in portions. Off unless given.',
  ),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it.'),
  group: groupName
    .optional()
    .describe(
      'Consumer group of the worker. Given, its members and its lag are watched, which needs DESCRIBE on the group and the topic. Not for workers that read without a group.',
    ),
  partitionBreaker: z
    .strictObject({
      mode: Mode,
      consecutive: count(1, 10_000)
        .default(5)
        .describe('Silences of a partition in a row, while others answer, that make it a bad one.'),
      openMs: ms(10, hour)
        .default(5_000)
        .describe('How long it is bad before a call may try it; doubled each time that the trial fails, up to 60,000.'),
    })
    .prefault({})
    .describe(
      'Partitions that are silent while others answer: keyed calls for them are refused, keyless ones go elsewhere, and the circuit of the worker does not count them.',
    ),
  watch: Watch.prefault({}).describe('How the group is watched, and what is refused on its account.'),
})
