import { parseArgs } from 'node:util'
import { stopAsked } from '../stopped.ts'
import { startKafka } from './cluster.ts'
import type { KafkaCluster } from './cluster.ts'

const help = `Runs a real Kafka for development: brokers of Apache Kafka 4.3.1, without Docker.
Needs Java 17 or newer, and Maven once, to fetch the jars.

  npm run kafka                    one broker on a free port; Ctrl-C stops it and deletes its data
  npm run kafka -- --brokers 3     a cluster: replication 3, two replicas in sync

  --port N       port of the first broker, the others follow (default: free ones)
  --dir PATH     keeps the data there, to be used again
  --defaults     Kafka's own defaults, where this one is quicker: groups wait 3 s, a killed broker is back after 9 s
  --sasl U:P     adds a listener that asks user U for password P (plain, scram-sha-256, scram-sha-512)
  --tls          adds a listener with TLS; its certificates are made anew
  --help         prints this`

const options = {
  brokers: { type: 'string', default: '1' },
  port: { type: 'string' },
  dir: { type: 'string' },
  defaults: { type: 'boolean', default: false },
  sasl: { type: 'string' },
  tls: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  if (values.help) return console.log(help)
  const port = values.port === undefined ? undefined : Number(values.port)
  if (values.brokers !== '1' && values.brokers !== '3') throw new Error('--brokers takes 1 or 3.')
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_534))
    throw new Error('--port takes a number up to 65533.')
  const [username, password] = values.sasl?.split(':') ?? []
  if (values.sasl !== undefined && (!username || !password)) throw new Error('--sasl takes USER:PASSWORD.')

  // before the start: a Ctrl-C while the jars are being fetched must clean up as well
  const { promise: stopped, resolve: stop } = stopAsked()
  const parent = process.ppid
  let running: KafkaCluster | undefined
  const watch = setInterval(() => {
    // npm hands a signal to its shell only, which ends and leaves us behind
    if (process.env.npm_lifecycle_event === 'kafka' && process.ppid !== parent) stop()
    if (running === undefined || running.nodes.some(node => node.pid !== null)) return
    console.error('No broker runs any more.')
    process.exitCode = 1
    stop()
  }, 500)

  const started = performance.now()
  const starting = startKafka({
    brokers: values.brokers === '3' ? 3 : 1,
    defaults: values.defaults,
    tls: values.tls,
    progress: line => console.log(line),
    ...(port !== undefined && { port }),
    ...(values.dir !== undefined && { dir: values.dir }),
    ...(username && password && { sasl: { username, password } }),
  })
  running = (await Promise.race([starting, stopped])) ?? undefined
  // an early signal: leaving is enough, what was begun ends with this process
  if (running === undefined) return process.exit(0)

  print(running, performance.now() - started)
  console.log(values.dir === undefined ? 'Ctrl-C stops it and deletes its data.' : 'Ctrl-C stops it; its data stays.')
  await stopped
  clearInterval(watch)
  await running.close()
}

function print({ brokers, addresses, files, folder }: KafkaCluster, ms: number): void {
  console.log(`Kafka serves after ${(ms / 1_000).toFixed(1)} s:\n\n  KAFKA_BROKERS=${brokers}\n`)
  for (const [listener, address] of Object.entries(addresses))
    if (address !== '' && listener !== 'PLAINTEXT') console.log(`  ${listener} ${address}`)
  if (files !== null) console.log(`  authority ${files.caFile}`)
  console.log(`  data ${folder}\n`)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
