import { kafkaAvailable, startKafka } from '../../tools/kafka/cluster.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { address, missing, warnWithoutKafka } from './kafka.ts'

/**
 * Runs once around all test files of `npm test`: one broker for all of them, as each file is a process and starting a broker
 * takes longer than most files. What is set in the environment here reaches those processes.
 */
let kafka: KafkaCluster | undefined

export async function globalSetup(): Promise<void> {
  const given = process.env[address] || process.env.KAFKA_BROKERS
  // the configuration reads it too: a test of the embedded broker must not find itself on Kafka
  delete process.env.KAFKA_BROKERS
  if (given) {
    process.env[address] = given
    return
  }
  const reason = kafkaAvailable()
  if (reason !== null && process.env.CI !== 'true') {
    process.env[missing] = reason
    return warnWithoutKafka(reason)
  }
  try {
    kafka = await startKafka({ progress: line => console.error(line) })
    process.env[address] = kafka.brokers
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1) // a thrown error would be shown with its stack, and the reason lost in it
  }
}

export async function globalTeardown(): Promise<void> {
  await kafka?.close()
}
