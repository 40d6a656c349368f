import { z } from 'zod'
import { bytes, count, hour, mebi, ms } from './value.ts'

export const Spool = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe('The file (SQLite) that holds them; one for each instance, on a disk that survives a restart.'),
  bytes: bytes(mebi, 1_024 * 1_024 * mebi)
    .default(1_024 * mebi)
    .describe('Most that may wait there: what is more is refused.'),
  maxAgeMs: ms(1_000, 30 * 24 * hour)
    .default(24 * hour)
    .describe('While the oldest has waited for longer, new ones are refused. Nothing that was accepted is dropped.'),
  afterMs: ms(10, hour)
    .default(500)
    .describe('How long the brokers may take for an event before it is put on disk instead.'),
  perSecond: count(1, 1_000_000)
    .default(5_000)
    .describe('How fast the waiting ones are forwarded, so that they leave room for what is new.'),
})
