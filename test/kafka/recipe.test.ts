import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import type { EachMessagePayload, KafkaMessage } from 'kafkajs'
import { anOrder } from '../help/gateway.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'

const kafka = useKafka()
const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
const recipe = readme.slice(
  readme.indexOf('In anything else, with any Kafka client:'),
  readme.indexOf('5. Commit once'),
)

/** Every name that the worker below reads or writes must stand in the recipe. */
function known(name: string): string {
  ok(recipe.includes(`\`${name}`), `The README does not tell of ${name}.`)
  return name
}

type Work = (command: KafkaMessage) => Readonly<{ status?: string; type: string; body: string; location?: string }>

/** A worker by the README, step by step, with what kafkajs gives and nothing of Sluice. */
async function byTheReadme(t: Scope, brokers: string, topic: string, work: Work): Promise<void> {
  const client = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const consumer = client.consumer({ groupId: fresh('recipe'), maxWaitTimeInMs: 100 })
  const producer = client.producer()
  t.after(async () => {
    await Promise.all([consumer.disconnect(), producer.disconnect()])
  })
  await Promise.all([consumer.connect(), producer.connect()])
  // 1
  await consumer.subscribe({ topic, fromBeginning: true })
  const eachMessage = async ({ partition, message }: EachMessagePayload): Promise<void> => {
    const offset = String(BigInt(message.offset) + 1n)
    const said = (name: string): Buffer | undefined => message.headers?.[known(name)] as Buffer | undefined
    // 2
    const [correlation, replyTo] = [said('sluice-correlation-id'), said('sluice-reply-to')]
    const late = Date.now() > Number(said('sluice-expires')) + 1_000
    if (correlation !== undefined && replyTo !== undefined && !late) {
      // 3
      const { status, type, body, location } = work(message)
      // 4
      const headers = {
        [known('sluice-correlation-id')]: correlation,
        ...(status !== undefined && { [known('sluice-status')]: status }),
        [known('content-type')]: type,
        ...(location !== undefined && { [known('http-header-location')]: location }),
      }
      const to = Number(said('sluice-reply-partition')?.toString())
      await producer.send({ topic: replyTo.toString(), acks: -1, messages: [{ partition: to, value: body, headers }] })
    }
    // 5
    await consumer.commitOffsets([{ topic, partition, offset }])
  }
  await consumer.run({ autoCommit: false, eachMessage })
}

test(
  'a worker that does what the README says, and no more, answers every kind of request',
  { skip: kafka.skip, timeout: 120_000 },
  async t => {
    const { ask, topics } = await gatewayOnKafka(t, kafka.brokers, {
      broker: { publish: { attemptMs: 5_000 } },
      routes: { 'place-order': { timeoutMs: 30_000 }, 'read-order': { timeoutMs: 30_000 } },
    })
    const orders = new Map<string, string>()
    await byTheReadme(t, kafka.brokers, topics.commands, ({ headers, value }) => {
      const said = (name: string): string => String(headers?.[name])
      if (said(known('http-method')) === 'GET') {
        known('http-param-<name>')
        equal(value, null, 'no content is null')
        const found = orders.get(said('http-param-orderId'))
        return found === undefined
          ? { status: '404', type: 'text/plain', body: `nothing at ${said(known('http-path'))}` }
          : { type: 'application/json', body: found }
      }
      const { orderId } = JSON.parse(String(value)) as { orderId: string }
      orders.set(orderId, String(value))
      return { status: '201', type: said('content-type'), body: String(value), location: `/orders/${orderId}` }
    })
    const placed = await ask('/orders', { body: anOrder })
    deepEqual([placed.status, placed.json, placed.headers['location']], [201, anOrder, '/orders/o-1'])
    const read = await ask('/orders/o-1')
    deepEqual([read.status, read.json, read.headers['content-type']], [200, anOrder, 'application/json'])
    const missing = await ask('/orders/o-2')
    deepEqual([missing.status, missing.text], [404, 'nothing at /orders/o-2'])
  },
)
