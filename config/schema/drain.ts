import { z } from 'zod'
import { ms } from './value.ts'

export const Drain = z.strictObject({
  delayMs: ms(0, 600_000)
    .default(5_000)
    .describe(
      'After SIGTERM: how long new requests are still served while /readyz already says no. Every answer then ends its connection, and idle ones are closed over this time.',
    ),
  limitMs: ms(0, 600_000).default(30_000).describe('Afterwards: longest wait for the running calls.'),
})
