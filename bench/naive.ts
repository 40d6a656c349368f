// The gateway that a competent developer writes from the documentation of Express and kafkajs within an hour: what Sluice is
// measured against. It talks Sluice's wire, so that one worker serves both; it has no policies, no deadline and no logs.
import { randomUUID } from 'node:crypto'
import type { Response } from 'express'
import express from 'express'
import { Kafka, logLevel } from 'kafkajs'

const kafka = new Kafka({
  clientId: 'naive',
  brokers: (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(','),
  logLevel: logLevel.ERROR,
})
const commands = process.env['COMMANDS'] ?? 'bench.orders.commands'
const replies = process.env['REPLIES'] ?? 'bench.naive.replies'
const producer = kafka.producer()
const consumer = kafka.consumer({ groupId: 'naive-gateway' })
const waiting = new Map<string, Response>()

const app = express()
app.use(express.json())
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes rejections
app.post('/orders', async (req, res) => {
  const correlationId = randomUUID()
  waiting.set(correlationId, res)
  try {
    await producer.send({
      topic: commands,
      messages: [
        {
          key: req.body.orderId,
          value: JSON.stringify(req.body),
          headers: {
            'content-type': 'application/json',
            'sluice-correlation-id': correlationId,
            'sluice-reply-to': replies,
          },
        },
      ],
    })
  } catch {
    waiting.delete(correlationId)
    res.status(500).json({ error: 'could not be sent' })
  }
})

await producer.connect()
await consumer.connect()
await consumer.subscribe({ topic: replies })
await consumer.run({
  eachMessage: async ({ message }) => {
    const correlationId = message.headers?.['sluice-correlation-id']?.toString() ?? ''
    const res = waiting.get(correlationId)
    if (res === undefined) return
    waiting.delete(correlationId)
    res.status(Number(message.headers?.['sluice-status']?.toString() ?? 200))
    res.type(message.headers?.['content-type']?.toString() ?? 'application/json').send(message.value)
  },
})
const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')

process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void Promise.all([producer.disconnect(), consumer.disconnect()]).then(() => process.exit(0))
})
