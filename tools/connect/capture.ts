import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaAvailable, startKafka } from '../kafka/cluster.ts'
import { freePort } from '../kafka/ports.ts'
import { host } from '../kafka/properties.ts'
import { watchdog } from '../kafka/watchdog.ts'
import { Connect, fetchConnect } from './connect.ts'
import { Postgres, postgresPrograms } from './postgres.ts'

/** PostgreSQL, Kafka, and Kafka Connect with Debezium between them. They die with this process, however that ends. */
export interface Capture extends AsyncDisposable {
  readonly postgres: Postgres
  readonly brokers: string
  readonly connect: Connect
  /** Connect again, as after a crash or an update: its connectors are made anew, and go on where they were. */
  restartConnect(): Promise<void>
  /** Makes a connector for these tables, whose topics are `<prefix>.<schema>.<table>`. */
  capture(prefix: string, tables: readonly string[], more?: Readonly<Record<string, string>>): Promise<void>
}

/** Why it cannot be started here, as one line for people; null when it can. */
export const captureAvailable = (): string | null =>
  kafkaAvailable() ??
  (postgresPrograms() === null ? 'PostgreSQL is missing: install it (on Debian: apt-get install postgresql).' : null)

/** `brokers`: those of a Kafka that runs already; it gets one of its own without. */
export async function startCapture({
  brokers: given,
  progress = () => {},
}: Readonly<{ brokers?: string; progress?: (line: string) => void }> = {}): Promise<Capture> {
  const missing = captureAvailable()
  if (missing !== null) throw new Error(missing)
  await fetchConnect(progress)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-capture-'))
  const dog = watchdog(folder)
  await using held = new AsyncDisposableStack()
  held.defer(() => dog.bite())
  const ports = new Set<number>()
  const port = async (): Promise<number> => {
    const chosen = await freePort(ports)
    ports.add(chosen)
    return chosen
  }
  progress(given === undefined ? 'Starting PostgreSQL and the broker …' : 'Starting PostgreSQL …')
  const [postgres, kafka] = await Promise.all([
    Postgres.start(folder, await port()),
    given === undefined ? startKafka({ progress }) : null,
  ])
  held.use(kafka)
  const brokers = given ?? kafka?.brokers ?? ''
  const connect = new Connect({ folder, brokers, port: await port() })
  const watch = (): void => dog.watch([postgres.child.pid, connect.child?.pid].filter(pid => pid !== undefined))
  watch()
  progress('Starting Kafka Connect …')
  const starting = connect.start()
  watch()
  await starting
  const made = new Map<string, Readonly<Record<string, string | number>>>()
  const all = held.move()
  return {
    postgres,
    brokers,
    connect,
    restartConnect: async () => {
      await connect.stop()
      const again = connect.start()
      watch()
      await again
      for (const [name, config] of made) await connect.connector(name, config)
    },
    capture: async (prefix, tables, more = {}) => {
      const name = prefix.replaceAll('.', '_')
      const config = {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'plugin.name': 'pgoutput',
        'database.hostname': host,
        'database.port': postgres.port,
        'database.user': 'sluice',
        'database.password': 'none',
        'database.dbname': 'postgres',
        'topic.prefix': prefix,
        'table.include.list': tables.join(','),
        'slot.name': name,
        'publication.name': name,
        'publication.autocreate.mode': 'filtered',
        'poll.interval.ms': 20,
        'topic.creation.default.replication.factor': 1,
        'topic.creation.default.partitions': 3,
        'topic.creation.default.cleanup.policy': 'compact',
        ...more,
      }
      made.set(name, config)
      await connect.connector(name, config)
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
