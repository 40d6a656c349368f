// A worker whose reports take a while. Its gateway is configured by gateway.yaml beside it.
import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { makeReport } from './report.ts'

const worker = await serve(
  { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:9092', topic: 'reports.commands', group: 'reports' },
  makeReport(2_000),
)
console.log('Working. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.close())
