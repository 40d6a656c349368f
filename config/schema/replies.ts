import { z } from 'zod'
import { ms, count, bytes, hour, mebi, topicName } from './value.ts'

export const Replies = z.strictObject({
  topic: topicName.default('gateway.replies').describe('Topic of the replies, shared by all instances.'),
  partitions: count(1, 10_000).default(12).describe('Its partitions, when the gateway creates it.'),
  retentionMs: ms(1_000, 24 * hour)
    .default(600_000)
    .describe('How long it keeps replies, when the gateway creates it.'),
  maxBytes: bytes(1_024, 64 * mebi)
    .default(4 * mebi)
    .describe('Largest reply passed on: else 502.'),
})
