// A worker that books payments. Its gateway is configured by gateway.yaml beside it.
import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { bookings } from './payments.ts'

const worker = await serve(
  { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:9092', topic: 'payments.commands', group: 'payments' },
  bookings().pay,
)
console.log('Booking. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.close())
