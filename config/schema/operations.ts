import { z } from 'zod'
import { delivery, maxAge, signing } from './delivery.ts'
import { ms, count, bytes, day, groupName, hour, mebi, name, text, topicName } from './value.ts'

const origin = text(
  /^https?:\/\/((\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/,
  'scheme, host and maybe a port in lower case, such as https://hooks.example.com or https://*.example.com',
)

export const Callbacks = z.strictObject({
  receivers: z
    .record(
      name,
      z
        .strictObject({ origin: origin.describe('Scheme, host and port of its URLs.'), ...signing })
        .describe('One receiver, with its key: `signingKey` or `signingKeyFile`.'),
    )
    .describe('Who may be called, by name. A URL of no other origin is taken: 403 `callback-forbidden`.'),
  ...delivery,
  maxAgeMs: maxAge(6 * hour).describe('How long a callback is tried, from the end of its operation.'),
  group: groupName
    .default('sluice.callbacks')
    .describe('Consumer group by which the instances share `topic`: who holds a partition calls for its operations.'),
})

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
  callbacks: Callbacks.optional().describe(
    'URLs that clients name with `Prefer: respond-async, callback; url="…"`, to be told of the end of their operation. Ignored unless given.',
  ),
  streams: count(0, 100_000).default(1_000).describe('Streams of events of operations at once.'),
})
