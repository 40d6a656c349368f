import { z } from 'zod'
import { capture } from './capture.ts'
import { bytes, contentType, count, hour, mebi, ms, text, topicName } from './value.ts'

const pointer = text(/^(\/([^~/]|~[01])*){1,32}$/, 'a JSON pointer, such as /customer/id')

export const Filter = z
  .strictObject({
    of: text(
      /^(key|header\.[^\s]{1,128}|(\/([^~/]|~[01])*){1,32})$/,
      'one of key, header.<name>, or a JSON pointer such as /customer/id',
    ).describe('What of a record is compared: `key`, `header.<name>`, or a JSON pointer into its value.'),
    equals: text(
      /^((path|query)\.[A-Za-z]\w{0,63}|claim\.[\x21\x23-\x5b\x5d-\x7e]{1,256})$/,
      'one of path.<parameter>, query.<parameter>, claim.<name>',
    )
      .optional()
      .describe(
        'With what: a parameter of the path or of the query, or a verified claim of the client. A query parameter that is not given compares nothing; without the claim it is 403.',
      ),
    value: z
      .union([z.string().max(1_024), z.number(), z.boolean()])
      .optional()
      .describe('With what: always this.'),
    required: z.boolean().default(false).describe('Whether the query parameter must be given.'),
  })
  .describe(
    'One comparison, of text: with either `equals` or `value`. A record without what is compared does not match.',
  )

export const Stream = z.strictObject({
  topics: z.array(topicName).min(1).max(16).describe('Topics whose records are told, each in its order.'),
  filter: z.array(Filter).max(16).default([]).describe('Which records a client gets: those for which all hold.'),
  ...capture,
  protocol: z
    .enum(['sluice', 'durable-streams'])
    .default('sluice')
    .describe(
      '`sluice`: as docs/streams.md says. `durable-streams`: the open protocol of that name, with a stream for each key: GET, HEAD, PUT, POST and DELETE on the same path.',
    ),
  key: text(/^path\.[A-Za-z]\w{0,63}$/, 'path.<parameter>')
    .optional()
    .describe('With `durable-streams`: which stream is meant, the key of its records.'),
  contentType: contentType
    .default('application/json')
    .describe('With `durable-streams`: of streams whose records do not say.'),
  streams: count(1, 10_000_000).default(100_000).describe('With `durable-streams`: most streams at once.'),
  as: z
    .enum(['value', 'record', 'cloudevents'])
    .default('value')
    .describe(
      '`value`: the value alone. `record`: a JSON object with topic, partition, offset, time, key, headers and value. `cloudevents`: a CloudEvent in structured mode, its attributes from the `ce_` headers.',
    ),
  fields: z
    .array(pointer)
    .min(1)
    .max(64)
    .optional()
    .describe('The fields of a JSON value that are told, as JSON pointers. Default: the value as it is.'),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topics, when the gateway creates them.'),
  heartbeatMs: ms(100, hour)
    .default(15_000)
    .describe('How often a client hears that it is still connected, and where it would go on.'),
  gatherMs: ms(0, 10_000)
    .default(0)
    .describe(
      'How long after a piece the next one goes out at the earliest, with all that has come meanwhile: fewer writes for each client where events come fast, later by as much. After a silence nothing waits. Not with `durable-streams`.',
    ),
  retryMs: ms(1, hour)
    .default(2_000)
    .describe('When a client is told to come again: after half of it to one and a half.'),
  clients: count(1, 1_000_000).default(10_000).describe('Most clients at once.'),
  clientsPerAddress: count(1, 1_000_000).default(100).describe('Most clients at once of one address.'),
  bufferBytes: bytes(1_024, 64 * mebi)
    .default(262_144)
    .describe('What may wait for one client; one that lets more wait is told that it lags, and let go.'),
  windowRecords: count(1, 1_000_000)
    .default(1_000)
    .describe('Latest records of each partition kept for those who were away for a moment.'),
  windowBytes: bytes(1_024, 1_024 * mebi)
    .default(4 * mebi)
    .describe('Most bytes of them.'),
  readers: count(1, 1_000)
    .default(16)
    .describe('How many clients are read for from the past at once; others wait for their turn.'),
})
