import { parseArgs } from 'node:util'
import { stopAsked } from '../stopped.ts'
import { startCapture } from './capture.ts'

const help = `Runs PostgreSQL, Kafka and Kafka Connect with Debezium, for development, without Docker: each change of the table
public.orders becomes a record of the topic shop.public.orders.
Needs Java 17 or newer, Maven once, to fetch the jars, and PostgreSQL 14 or newer.

  npm run connect        all three on free ports; Ctrl-C stops them and deletes their data
  --help                 prints this`

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } })
  if (values.help) return console.log(help)
  const { promise: stopped } = stopAsked()
  const begun = performance.now()
  await using capture = await startCapture({ progress: line => console.log(line) })
  const { postgres, brokers, connect } = capture
  await postgres.sql(
    'create table orders (id bigint primary key, customer text not null, total numeric(10,2) not null, state text not null, placed timestamp not null default now())',
  )
  console.log('Making the connector …')
  await capture.capture('shop', ['public.orders'])
  console.log(`Changes are captured after ${((performance.now() - begun) / 1_000).toFixed(1)} s:

  KAFKA_BROKERS=${brokers}
  psql -h 127.0.0.1 -p ${postgres.port} -U sluice postgres
  curl http://127.0.0.1:${connect.port}/connectors/shop/status

A gateway for them, in another terminal:

  KAFKA_BROKERS=${brokers} npx sluice start examples/captured-orders/gateway.yaml

Ctrl-C stops them and deletes their data.`)
  await stopped
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
