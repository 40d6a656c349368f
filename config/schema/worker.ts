import { z } from 'zod'
import { breaker } from './breaker.ts'
import { Bulkhead } from './bulkhead.ts'
import { Total } from './quota.ts'
import { ms, count, percent, hour, groupName, topicName, recordHeader, emptyBody, replyType, Mode } from './value.ts'

export const Watch = z.strictObject({
  everyMs: ms(100, 60_000).default(1_000).describe('How often the group is looked at.'),
  noWorker: Mode.describe('Of refusing what nobody serves, as the group has no member.'),
  behind: Mode.describe(
    'Of refusing what cannot be answered in time: the lag of its partition, by the pace at which it is worked off, is more than the call has left.',
  ),
})

export const Custom = z.strictObject({
  correlation: recordHeader.describe(
    'The correlation id: text of letters, digits, `-` and `.`, which a reply repeats.',
  ),
  replyTopic: recordHeader.describe('The topic of the reply.'),
  replyPartition: recordHeader
    .optional()
    .describe('The partition of the reply. Not given: the worker answers to any, and every instance reads all.'),
  partitionEncoding: z
    .enum(['text', 'int32'])
    .default('text')
    .describe('`text`: the partition in decimal. `int32`: four bytes, the highest first.'),
  status: recordHeader.optional().describe('Of a reply, its status; `sluice-status` is understood in any case.'),
  error: recordHeader
    .optional()
    .describe('Of a reply, what failed, as text or as JSON with a `message` and maybe a `status`: else it is 500.'),
})

export const Worker = z.strictObject({
  topic: topicName.describe('Topic of the commands.'),
  dialect: z
    .enum(['sluice', 'spring', 'nestjs', 'smallrye', 'zilla', 'faststream', 'custom'])
    .default('sluice')
    .describe(
      'Names and encodings of the record headers that the worker understands: docs/dialects.md. `custom`: as `custom` has them.',
    ),
  custom: Custom.optional().describe('Names of record headers, for `dialect: custom`.'),
  emptyBody: emptyBody
    .optional()
    .describe(
      'What the value of a command without content is: `null`, `empty` (zero bytes) or `object` (`{}`). Default: `object` for spring and faststream, else `null`.',
    ),
  contentType: replyType
    .optional()
    .describe('Content type of replies that name none. Default: application/json for nestjs, else none is told.'),
  replies: z
    .enum(['partition', 'broadcast'])
    .default('partition')
    .describe(
      '`partition`: the worker answers to the partition that the command names. `broadcast`: it ignores it, so every instance reads all partitions, as always where the dialect names none.',
    ),
  cancel: z
    .boolean()
    .default(false)
    .describe(
      'Whether it understands records that cancel a command, as `sluice/worker` does; any other would run them. Without it `DELETE` of an operation is 409.',
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
