// What a competent developer writes within an hour to show a topic to browsers: a consumer with a group of its own for each client.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Kafka, logLevel } from 'kafkajs'

process.removeAllListeners('warning')
const [topic = '', port = '0'] = process.argv.slice(2)
const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',')
const kafka = new Kafka({ clientId: 'naive', brokers, logLevel: logLevel.NOTHING })

createServer((req, res) => {
  const consumer = kafka.consumer({ groupId: `naive-${randomUUID()}` })
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  res.flushHeaders()
  req.on('close', () => void consumer.disconnect())
  const follow = async (): Promise<void> => {
    await consumer.connect()
    await consumer.subscribe({ topic })
    consumer.on(consumer.events.GROUP_JOIN, () => res.write('id: joined\n\n'))
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const data = JSON.stringify(JSON.parse(String(message.value)))
        res.write(`id: ${partition}-${message.offset}\ndata: ${data}\n\n`)
      },
    })
  }
  follow().catch(() => res.destroy())
}).listen(Number(port), '127.0.0.1')
