import { z } from 'zod'
import { ms, count, bytes, hour, mebi, text, topicName } from './value.ts'

const day = 24 * hour

export const Operations = z.strictObject({
  path: text(/^(\/[\w.~-]+)+$/, 'a path such as /operations')
    .default('/operations')
    .describe('Where clients find their operations.'),
  topic: topicName
    .default('sluice.operations')
    .describe('Compacted topic that is the log of all operations and of the keys that they hold.'),
  replies: topicName
    .default('sluice.operations.replies')
    .describe('Where workers answer commands that are, or may become, operations: every instance reads all of it.'),
  partitions: count(1, 10_000).default(12).describe('Partitions of both topics, when the gateway creates them.'),
  retentionMs: ms(1_000, 30 * day)
    .default(day)
    .describe('How long an operation is kept after its end.'),
  replyRetentionMs: ms(60_000, 30 * day)
    .default(hour)
    .describe('How long replies are kept for instances that are away, when the gateway creates their topic.'),
  entries: count(1, 10_000_000)
    .default(100_000)
    .describe('Operations kept in memory. Any more that have ended go to `file`; without it new ones are refused.'),
  bytes: bytes(mebi, 65_536 * mebi)
    .default(128 * mebi)
    .describe('Memory that they may take with their replies; beyond it the same holds.'),
  file: z
    .string()
    .min(1)
    .optional()
    .describe('File of SQLite for those that have ended and are too many for memory; made anew at each start.'),
  retryAfterMs: ms(1_000, hour).default(1_000).describe('When a client is told to look again.'),
  streams: count(0, 100_000).default(1_000).describe('Streams of events of operations at once.'),
})
