// The new order service as a worker. Its gateway is configured by gateway.yaml beside it.
import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { orders } from './orders.ts'

const worker = await serve(
  { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:9092', topic: 'orders.commands', group: 'orders' },
  orders(),
)
console.log('Taking orders. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.close())
