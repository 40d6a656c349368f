// Three workers in one process that book flights and hotels and take payments. Their gateway is configured by gateway.yaml beside it.
import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { bookings } from './bookings.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? 'localhost:9092'
const { booked: _, ...handlers } = bookings()
const workers = await Promise.all(
  Object.entries(handlers).map(([name, handler]) =>
    serve({ brokers, topic: `${name}.commands`, group: name }, handler),
  ),
)
console.log('Booking. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void Promise.all(workers.map(worker => worker.close())))
