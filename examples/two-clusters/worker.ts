// The worker in the other cluster. It reads the commands under the name that MirrorMaker 2 gives them.
import { connect, serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { ordersOn } from './orders.ts'

const broker = await connect({ brokers: process.env['KAFKA_B'] ?? 'localhost:9093' })
broker.start(['orders.events', 'orders.state'])
const worker = await serve({ broker, topic: 'a.orders.commands', group: 'orders', mirrored: true }, ordersOn(broker))
console.log('Serving a.orders.commands. Ctrl-C stops.')

async function stop(): Promise<void> {
  await worker.close()
  await broker[Symbol.asyncDispose]()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
