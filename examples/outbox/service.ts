// An order service that knows no gateway: it reads orders and tells what has happened. In place of its database and of Debezium, which
// would read the outbox table, it writes the records of the outbox event router itself.
import { Kafka } from 'kafkajs'
import { place, routed } from './orders.ts'
import type { Order } from './orders.ts'

const kafka = new Kafka({ brokers: (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',') })
const [consumer, producer] = [kafka.consumer({ groupId: 'orders' }), kafka.producer()]
await Promise.all([consumer.connect(), producer.connect()])
await consumer.subscribe({ topic: 'orders.commands', fromBeginning: true })
await consumer.run({
  eachMessage: async ({ message }) => {
    const { topic, ...record } = routed(place(JSON.parse(String(message.value)) as Order))
    await producer.send({ topic, messages: [record] })
  },
})
console.log('Taking orders. Ctrl-C stops.')
