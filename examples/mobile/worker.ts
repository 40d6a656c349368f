import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { ticketOffice } from './tickets.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? 'localhost:9092'
const worker = await serve({ brokers, topic: 'tickets.commands', group: 'tickets' }, ticketOffice().sell)
console.log('Selling. Ctrl-C stops.')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.close())
