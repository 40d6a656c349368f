import { z } from 'zod'
import { FaultRule } from '../schema/faults.ts'
import { bytes, count, day, meta, ms, name } from '../schema/value.ts'
import { Change } from './workers.ts'

export const who = z
  .union([z.literal('all'), count(0, 15)])
  .meta(meta({ allowed: 'all, or the number of a worker from 0' }))

const Network = z.strictObject({
  between: z
    .enum(['clients', 'broker'])
    .default('clients')
    .describe('Which connections: those of the clients, or of the gateway to a `broker: kafka`.'),
  latencyMs: ms(0, 60_000).default(0).describe('So much later arrives what is sent, in each direction.'),
  bytesPerSecond: bytes(1, 1_000_000_000).optional().describe('Most that goes through one connection.'),
  cut: z.boolean().default(false).describe('Whether connections are cut, and new ones refused.'),
  replies: z.boolean().default(false).describe('Of `broker`: only what fetches replies is cut.'),
})

export const Fault = z
  .strictObject({
    name: name.optional().describe('What objectives call it. Default: its kind.'),
    atMs: ms(0, day).describe('When it begins, from the beginning of the run.'),
    forMs: ms(1, day).optional().describe('How long it lasts. Default: to the end of the run.'),
    workers: Change.optional().describe('Workers work differently.'),
    freeze: who.optional().describe('A worker, or all, stand still (SIGSTOP), and go on afterwards.'),
    kill: who.optional().describe('A worker, or all, are killed, and start anew afterwards.'),
    leave: who.optional().describe('A worker, or all, leave their group as in a deployment, and come back afterwards.'),
    broker: z
      .enum(['down', 'pause', 'no-leader'])
      .optional()
      .describe(
        '`down`: killed, and started again afterwards. `pause`: stands still. `no-leader`: what is written is acknowledged only afterwards; on Kafka a broker of three is killed.',
      ),
    network: Network.optional().describe('The network suffers.'),
    gateway: FaultRule.omit({ forMs: true }).optional().describe('The gateway’s own fault policy strikes.'),
  })
  .describe('What befalls the run: one thing at one time.')

/** What a fault may be: just one of these. */
export const faultKinds = ['workers', 'freeze', 'kill', 'leave', 'broker', 'network', 'gateway'] as const
