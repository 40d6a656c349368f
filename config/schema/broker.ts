import { z } from 'zod'
import { breaker } from './breaker.ts'
import { meta, ms, count, bytes, percent, mebi, path, brokers, Mode } from './value.ts'

export const Tls = z.strictObject({
  caFile: path().optional().describe('PEM file with the authorities to trust. Default: those of Node.'),
  certFile: path().optional().describe('PEM file with our certificate.'),
  keyFile: path().optional().describe('PEM file with our private key.'),
  serverName: z.string().optional().describe('Name expected in the certificate, when it is not the host.'),
  rejectUnauthorized: z.boolean().default(true).describe('False accepts any certificate: for tests only.'),
})

export const Sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('As the brokers offer it.'),
  username: z.string().min(1).describe('Name of the user.'),
  password: z
    .string()
    .min(1)
    .meta(meta({ secret: true }))
    .optional()
    .describe('Its password; better: `passwordFile`.'),
  passwordFile: path().optional().describe('File that holds the password; a line break at its end is dropped.'),
})

export const Publish = z.strictObject({
  attemptMs: ms(10, 60_000).default(1_000).describe('Longest that one attempt to publish may take.'),
  attempts: count(1, 10)
    .default(3)
    .describe('Attempts in all. Only what is certainly not in the topic is tried again.'),
  mode: Mode.describe('Of the repetition: `off` means one attempt, `observe` only counts what it would have repeated.'),
  baseMs: ms(1, 10_000)
    .default(50)
    .describe('Backoff: the wait before attempt n+1 is uniform between 0 and min(capMs, baseMs · 2ⁿ).'),
  capMs: ms(1, 60_000).default(1_000).describe('Longest backoff.'),
  budget: z
    .strictObject({
      percent: percent().default(10).describe('Repetitions allowed, as a share of the calls.'),
      floor: count(0, 10_000).default(3).describe('Repetitions allowed at once, however few the calls.'),
    })
    .prefault({})
    .describe('What bounds the repetitions together.'),
  breaker: breaker(10, 1_000, 4_000).prefault({}).describe('The circuit of the cluster.'),
  buffer: z
    .strictObject({
      records: count(1, 1_000_000).default(20_000).describe('Records waiting to be handed over.'),
      bytes: bytes(1_024, 4_096 * mebi)
        .default(64 * mebi)
        .describe('Their size together.'),
    })
    .prefault({})
    .describe('What may wait while the brokers are slow; beyond it calls are refused.'),
})

export const Broker = z.strictObject({
  brokers: brokers
    .default('')
    .describe('Addresses, host:port, separated by commas. Empty: the embedded broker, in memory.'),
  memoryBytes: bytes(mebi, 65_536 * mebi)
    .default(16 * mebi)
    .describe('What the embedded broker keeps at most, over all topics; the oldest records are dropped first.'),
  clientId: z
    .string()
    .min(1)
    .max(249)
    .default('sluice')
    .describe('Name of this client in the logs and quotas of the brokers.'),
  tls: z.union([z.boolean(), Tls]).default(false).describe('TLS to the brokers: true, or its files.'),
  sasl: Sasl.optional().describe('How to authenticate.'),
  connectMs: ms(50, 60_000)
    .default(1_000)
    .describe('Longest that each step of connecting may take: TCP and TLS, the versions, SASL.'),
  requestMs: ms(100, 300_000).default(10_000).describe('After this silence the connection is given up.'),
  metadataMaxAgeMs: ms(500, 3_600_000)
    .default(30_000)
    .describe(
      'How often it is asked where partitions are led, and whether topics have grown, when nothing has failed.',
    ),
  createTopics: z.boolean().default(true).describe('Whether missing topics are created at start, or only reported.'),
  publish: Publish.prefault({}).describe('How records are written.'),
})
