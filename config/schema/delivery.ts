import { z } from 'zod'
import { count, day, hour, meta, ms, path, range, text } from './value.ts'

/** How messages go to an HTTP receiver: the same for callbacks and push. */
export const delivery = {
  timeoutMs: ms(100, 300_000).default(10_000).describe('Longest wait for the head of its answer.'),
  connections: count(1, 1_000)
    .default(8)
    .describe('Most requests to it at once; fewer while it is slow, asks for time or fails.'),
  retryMs: ms(1, hour)
    .default(1_000)
    .describe('Before the second attempt, at most; doubled for each further one, with full jitter.'),
  retryCapMs: ms(1, hour).default(60_000).describe('Longest wait between two attempts, unless it asks for more.'),
}

/** How long a message is tried: of callbacks and of push. */
export const maxAge = (usual: number) => ms(1_000, 7 * day).default(usual)

const allowed = 'a key of Standard Webhooks: whsec_ and 24 to 64 bytes in base64'
export const signing = {
  signingKey: text(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, allowed)
    .meta(meta({ secret: true, allowed }))
    .optional()
    .describe('What messages are signed with, as Standard Webhooks has it; better: `signingKeyFile`.'),
  signingKeyFile: path().optional().describe('File that holds the key; a line break at its end is dropped.'),
}

export const Egress = z.strictObject({
  allow: z
    .array(range)
    .max(256)
    .default([])
    .describe(
      'Addresses and ranges that callbacks and push may go to although they lead inside: private, loopback, link-local and metadata addresses are refused otherwise, whatever a name resolves to.',
    ),
})
