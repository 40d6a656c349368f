import { z } from 'zod'
import { delivery, maxAge, signing } from './delivery.ts'
import { Filter } from './stream.ts'
import { bytes, count, day, groupName, mebi, meta, path, text, topicName } from './value.ts'

const allowed = 'a URL with http:// or https:// without user and fragment'
const target = z
  .string()
  .max(2_048)
  .refine(text => /^https?:\/\/[^#@\s]+$/.test(text) && URL.canParse(text))
  .meta(meta({ allowed }))

const value = Filter.shape.value.unwrap()

export const Push = z
  .strictObject({
    topic: topicName.describe('Topic of the events.'),
    url: target.describe('Where they are posted to.'),
    format: z
      .enum(['binary', 'structured', 'batch', 'webhook'])
      .default('binary')
      .describe(
        'CloudEvents over HTTP, `binary` (attributes are headers, the body is the value), `structured` (one JSON object) or `batch` (a JSON array of many); or `webhook`: the `type`, `timestamp` and `data` of Standard Webhooks.',
      ),
    ...signing,
    token: text(/^[\x21-\x7e]{1,4096}$/, 'printable characters without blanks')
      .meta(meta({ secret: true, allowed: 'printable characters without blanks' }))
      .optional()
      .describe('Bearer token that the subscriber wants in `Authorization`; better: `tokenFile`.'),
    tokenFile: path().optional().describe('File that holds the token; a line break at its end is dropped.'),
    filter: z
      .array(
        z
          .strictObject({ of: Filter.shape.of, value: value.describe('With what.') })
          .describe('One comparison, of text. A record without what is compared does not match.'),
      )
      .max(16)
      .default([])
      .describe('Which events it gets: those for which all hold. What it does not get counts as delivered.'),
    type: text(/^[\x21-\x7e]{1,256}$/, 'printable characters without blanks')
      .optional()
      .describe('`type` of records that are no CloudEvents themselves. Default: the topic.'),
    from: z
      .enum(['earliest', 'end'])
      .default('end')
      .describe('Where a subscriber without commits begins: from then on it misses nothing.'),
    group: groupName.optional().describe('Consumer group. Default: `sluice.push.` and the name of the subscriber.'),
    ahead: count(1, 10_000)
      .default(100)
      .describe('Most records of a partition that are taken and not delivered; then the partition is paused.'),
    batchRecords: count(1, 10_000).default(100).describe('Most events of a `batch`.'),
    batchBytes: bytes(1, 64 * mebi)
      .default(262_144)
      .describe('Most bytes of their values together.'),
    ...delivery,
    maxAgeMs: maxAge(day).describe('How long an event is tried, from when it was read; then it is given up.'),
    dead: topicName.optional().describe('Topic of what is given up. Default: `topic` and `.dead`.'),
    partitions: count(1, 10_000).default(12).describe('Partitions of both topics, when the gateway creates them.'),
  })
  .describe('One subscriber: the events of a topic, posted to a URL.')
