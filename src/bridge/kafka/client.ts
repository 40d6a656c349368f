import kafkajs from 'kafkajs'
import type { Admin as KafkaAdmin, KafkaConfig, SASLOptions } from 'kafkajs'
import type { Access } from './access.ts'
import { decompress } from './compression.ts'
import type { Codec } from './compression.ts'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs

const largestUnfolded = 64 * 1_048_576
// a record compressed with a codec that nobody registered crashes the consumer for good, and many clients compress
for (const type of [CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD])
  (CompressionCodecs as Record<number, unknown>)[type] = () => ({
    compress: async () => {
      throw new Error('Sluice writes without compression')
    },
    decompress: async (data: Buffer) => Buffer.from(decompress(type as unknown as Codec, data, largestUnfolded)),
  })

/** The client for what is not on the way of a request: groups and administration. It is patient, and repeats quickly. */
export function client({ seeds, clientId, connectMs, ssl, sasl }: Access): InstanceType<typeof Kafka> {
  const config: KafkaConfig = {
    brokers: [...seeds],
    clientId,
    connectionTimeout: connectMs,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000, factor: 0 },
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl: { ...sasl } as SASLOptions }),
  }
  return new Kafka(config)
}

/** An administrative connection for one piece of work: it gives up soon, as somebody waits for the answer. */
export async function withAdmin<T>(access: Access, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = client(access).admin({ retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 } })
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
