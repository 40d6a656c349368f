import net from 'node:net'
import tls from 'node:tls'
import kafkajs from 'kafkajs'
import type { Admin as KafkaAdmin, ISocketFactory, KafkaConfig, RetryOptions, SASLOptions } from 'kafkajs'
import Connection from 'kafkajs/src/network/connection.js'
import { hostAndPort } from './access.ts'
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

const patient: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000, factor: 0 }
const soon: RetryOptions = { initialRetryTime: 100, maxRetryTime: 500, retries: 2 }

/**
 * The client for what is not on the way of a request: groups and administration. It is patient, and repeats quickly. Once `cut`
 * aborts, its connections are gone and no other is made: kafkajs ends nothing that waits for a broker, and would try for ever.
 */
export function client(
  { seeds, clientId, connectMs, ssl, sasl }: Access,
  { retry = patient, cut }: Readonly<{ retry?: RetryOptions; cut?: AbortSignal }> = {},
): InstanceType<typeof Kafka> {
  const config: KafkaConfig = {
    brokers: seeds.map((seed, i) => (seed.startsWith('[') ? `${alias(i)}:${hostAndPort(seed).port}` : seed)),
    socketFactory: dialing(seeds, cut),
    clientId,
    connectionTimeout: connectMs,
    logLevel: logLevel.NOTHING,
    retry,
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl: sasl as SASLOptions }),
  }
  return new Kafka(config)
}

/** kafkajs cuts a seed at its first colon, which an IPv6 address has within: it gets a name instead, and we dial. */
const alias = (i: number): string => `seed-${i}.invalid`

const closed = 'the client is closed'
const { connect } = Connection.prototype
// what the dialing throws is taken for a broker that is away, and tried again for ever
Connection.prototype.connect = async function (): Promise<void> {
  try {
    await connect.call(this)
  } catch (error) {
    if (error instanceof Error && error.message.endsWith(closed)) Object.assign(error, { retriable: false })
    throw error
  }
}

const dialing =
  (seeds: readonly string[], cut: AbortSignal | undefined): ISocketFactory =>
  ({ host: name, port, ssl, onConnect }) => {
    if (cut?.aborted === true) throw new Error(closed)
    const seed = seeds.find((_, i) => alias(i) === name)
    const host = seed === undefined ? name : hostAndPort(seed).host
    const socket =
      (ssl ?? null) === null
        ? net.connect({ host, port }, onConnect)
        : tls.connect({ host, port, ...(net.isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    if (cut !== undefined) {
      const destroy = (): unknown => socket.destroy(new Error('closed')) // kafkajs hears no `close`
      cut.addEventListener('abort', destroy, { once: true })
      socket.once('close', () => cut.removeEventListener('abort', destroy))
    }
    return socket.setKeepAlive(true, 60_000)
  }

/** An administrative connection for one piece of work: it gives up soon, as somebody waits for the answer. */
export async function withAdmin<T>(access: Access, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = client(access, { retry: soon }).admin() // the repetitions of the client are those of connecting, too
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
