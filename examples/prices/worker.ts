// Shops that say what an item costs, all three unless some are named: node worker.ts north south. Their gateway is gateway.yaml beside it.
import { serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import { shop } from './shops.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? 'localhost:9092'
const named = process.argv.slice(2)
const workers = await Promise.all(
  (named.length > 0 ? named : ['north', 'south', 'west']).map(name =>
    serve({ brokers, topic: `${name}.prices`, group: name }, shop(name)),
  ),
)
console.log('Open. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void Promise.all(workers.map(worker => worker.close())))
