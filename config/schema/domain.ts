import { z } from 'zod'
import { count, hour, ms, text, topicName } from './value.ts'

const place = text(
  /^(key|header\.[^\s]{1,128}|(\/([^~/]|~[01])*){1,32})$/,
  'one of key, header.<name>, or a JSON pointer such as /order/id',
)

export const DomainReplies = z.strictObject({
  topic: topicName.describe('Topic of the domain events. Every instance reads all of it.'),
  match: place
    .default('key')
    .describe('What of an event names its command: `key`, `header.<name>`, or a JSON pointer into its value.'),
  equals: z
    .enum(['key', 'id'])
    .default('key')
    .describe(
      'What of the command that is: its message key, or its `ce_id`, where the service hands that on. Of several calls with one key an event answers the one that waits longest.',
    ),
  type: text(/^(header\.[^\s]{1,128}|(\/([^~/]|~[01])*){1,32})$/, 'header.<name>, or a JSON pointer such as /type')
    .optional()
    .describe('Where an event says its type. Default: `header.ce_type`, of an outbox `header.eventType`.'),
  outcomes: z
    .record(z.string().min(1).max(256), count(200, 599).describe('The status of the answer.'))
    .describe('The types of events that answer the call, each with the status of the answer; its body is their value.'),
  format: z
    .enum(['plain', 'outbox'])
    .default('plain')
    .describe(
      "`plain`: the record as it is. `outbox`: as Debezium's outbox event router writes it: keys and headers in quotes, the payload plain, as JSON text, or in an envelope with its schema.",
    ),
  windowMs: ms(0, hour)
    .default(0)
    .describe(
      'How long an event that nobody waits for is kept for a command yet to come: only for keys that are used once.',
    ),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it.'),
})
