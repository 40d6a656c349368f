// A worker whose state is a topic of events. Its gateway is configured by gateway.yaml beside it.
import { connect, project, serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { accounts, serveAccounts } from './accounts.ts'

const topic = process.env['ACCOUNTS_EVENTS'] ?? 'accounts.events'
const broker = await connect({ brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:9092' })
await broker.admin.create([{ name: topic, partitions: 6, replication: -1, config: { 'retention.ms': '-1' } }])
const projection = await project(topic, {
  broker,
  ...accounts,
  snapshot: process.env['ACCOUNTS_SNAPSHOT'] ?? 'accounts.db',
  onProgress: (done, of) => console.log(`Replayed ${done} of ${of} events.`),
})
const worker = await serve(
  { broker, topic: process.env['ACCOUNTS_COMMANDS'] ?? 'accounts.commands', group: 'accounts' },
  serveAccounts(projection),
)
console.log(`Serving ${projection.size} accounts. Ctrl-C stops.`)

async function stop(): Promise<void> {
  await worker.close()
  await projection.close()
  await broker[Symbol.asyncDispose]()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
