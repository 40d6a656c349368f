// A worker that was there before its gateway: it has header names of its own, reads JSON only, and knows nothing of Sluice.
import { Kafka, logLevel } from 'kafkajs'

const topic = process.env['TOPIC'] ?? 'stock.requests'
const brokers = (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',')
const kafka = new Kafka({ brokers, logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: process.env['GROUP'] ?? 'stock', maxWaitTimeInMs: 100 })
const producer = kafka.producer()
const stock = new Map([['bolt', 12]])

await Promise.all([producer.connect(), consumer.connect()])
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ message: { key, value, headers = {} } }) => {
    JSON.parse(String(value)) // throws for no content: hence emptyBody
    const item = String(key)
    const count = stock.get(item)
    const said =
      item === 'rust'
        ? { headers: { 'X-Error': 'The counter broke.' }, value: null }
        : count === undefined
          ? { headers: { 'X-Status': '404' }, value: JSON.stringify({ error: `no ${item}` }) }
          : { headers: {}, value: JSON.stringify({ item, count }) }
    await producer.send({
      topic: String(headers['X-Reply-Topic']),
      messages: [
        {
          ...said,
          partition: Number(String(headers['X-Reply-Partition'])),
          headers: { ...said.headers, 'X-Request-Id': String(headers['X-Request-Id']) },
        },
      ],
    })
  },
})
console.log('Counting. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void Promise.all([consumer.disconnect(), producer.disconnect()]))
