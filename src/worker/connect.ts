import type { BrokerOptions } from '../../config/schema/index.ts'
import type { Broker } from '../bridge/broker.ts'

/** How to reach a Kafka cluster. */
export type Connection = Readonly<{
  /** Addresses, host:port, separated by commas. */
  brokers: string
  /** Name of this client in the logs and quotas of the brokers. Default: `sluice-worker`. */
  clientId?: string
  /** TLS to the brokers: true, or its files. Default: false. */
  tls?: BrokerOptions['tls']
  sasl?: BrokerOptions['sasl']
}>

/** A Kafka cluster as a broker, connecting. Throws when a file that `tls` names cannot be read. */
export async function connect({ brokers, clientId = 'sluice-worker', tls = false, sasl }: Connection): Promise<Broker> {
  const { KafkaBroker } = await import('../bridge/kafka/kafka.ts') // not loaded where it is not used
  const broker = new KafkaBroker({ ...usual, brokers, clientId, tls, sasl })
  broker.start([])
  return broker
}

/** A worker has no configuration file: these are the defaults of the gateway's. */
const usual = {
  connectMs: 1_000,
  requestMs: 10_000,
  metadataMaxAgeMs: 30_000,
  publish: { buffer: { records: 20_000, bytes: 67_108_864 } },
}
