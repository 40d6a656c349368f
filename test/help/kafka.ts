import { randomUUID } from 'node:crypto'
import { after, before } from 'node:test'
import { kafkaAvailable, startKafka } from '../../tools/kafka/cluster.ts'
import type { KafkaCluster, KafkaOptions } from '../../tools/kafka/cluster.ts'
import { loudly } from './loud.ts'

/** Set by setup.ts: the broker that all test files share, or why there is none. */
export const address = 'SLUICE_TEST_KAFKA'
export const missing = 'SLUICE_TEST_KAFKA_MISSING'

export type Kafka = Readonly<{
  skip: string | false // to be passed on: test('…', { skip: kafka.skip }, …)
  brokers: string // host:port,host:port; only inside a test
}>
export type OwnKafka = Kafka & Readonly<{ cluster: KafkaCluster }>

/**
 * A Kafka for the test file or suite in which it is called: KAFKA_BROKERS, else the broker of this run, else one of its own.
 * Others use it at the same time: take names from `fresh`, and kill nothing.
 */
export function useKafka(): Kafka {
  const shared = process.env[address] || process.env.KAFKA_BROKERS
  return shared ? { skip: false, brokers: shared } : useOwnKafka()
}

/** A cluster of its own for the test file or suite in which it is called: to be killed, or set up otherwise. */
export function useOwnKafka(options: KafkaOptions = {}): OwnKafka {
  const skip = withoutKafka()
  let cluster: KafkaCluster | undefined
  const running = (): KafkaCluster => {
    if (cluster === undefined) throw new Error('Kafka runs inside the tests only.')
    return cluster
  }
  if (skip === false) {
    before(async () => {
      cluster = await startKafka(options)
    })
    after(async () => {
      await cluster?.close()
    })
  }
  return {
    skip,
    get brokers() {
      return running().brokers
    },
    get cluster() {
      return running()
    },
  }
}

/** Why tests that start Kafka are skipped, said loudly; false when they run. With CI=true they always run, and then fail. */
export function withoutKafka(): string | false {
  const known = process.env[missing]
  const reason = known || kafkaAvailable()
  if (reason === null || process.env.CI === 'true') return false
  if (!known) warnWithoutKafka(reason)
  return reason
}

export const warnWithoutKafka = (reason: string): void =>
  loudly(`WITHOUT KAFKA: every test on a real broker is skipped. ${reason}`)

/** A name that no other test uses, for a topic or a group. */
export const fresh = (name: string): string => `${name}-${randomUUID().slice(0, 13)}`
