import { join } from 'node:path'
import { classPath, fetchJars, java } from '../../tools/kafka/java.ts'
import { startChild } from './child.ts'
import type { Child } from './child.ts'

const source = join(import.meta.dirname, '..', '..', 'examples', 'java-plain', 'OrdersWorker.java')

/** Options of a small Java machine that starts quickly. */
export const small = ['-Xmx256m', '-XX:TieredStopAtLevel=1']
export const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
export type WorkerOptions = Readonly<{ brokers: string; topic?: string; group?: string; compression?: Compression }>

/** Starts examples/java-plain; resolves when it has joined its group. Throws with what it printed when it ends before. */
export async function startJavaWorker(options: WorkerOptions): Promise<Child> {
  const { brokers, topic = 'orders.commands', group = 'orders', compression = 'none' } = options
  await fetchJars(line => console.error(line))
  return startChild({
    command: [java, ...small, quiet, '-cp', classPath, source, compression],
    env: { KAFKA_BROKERS: brokers, ORDERS_TOPIC: topic, ORDERS_GROUP: group },
    ready: /^joined/,
  })
}
