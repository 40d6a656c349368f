// A worker on Kafka in a process whose clock is ahead: node aheadworker.ts BROKERS TOPIC MS
const [brokers = '', topic = '', aheadMs = '0'] = process.argv.slice(2)
const right = Date.now
Date.now = () => right() + Number(aheadMs)

const { serve } = await import('../../src/worker/index.ts')
await serve({ brokers, topic, group: `${topic}.ahead` }, () => ({ status: 201 }))
console.log('serving')
