// A worker that takes long. Its gateway is configured by gateway.yaml beside it.
import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { makeReport } from './report.ts'

const worker = await serve(
  { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:9092', topic: 'reports.commands', group: 'reports' },
  makeReport,
)
console.log('Reporting. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.close())
