import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import type { Capture } from '../tools/connect/capture.ts'
import { Histogram } from './histogram.ts'
import { pass } from './process.ts'

const perSecond = 50
type Answer = Readonly<{ orderId?: number; code?: string; outcome?: string }>
type Urls = Readonly<{ url: string; adminUrl: string }>

/**
 * Orders whose service knows no gateway: it writes each with its outbox row in one transaction, and Debezium's outbox event router makes
 * the event of it that is the client's answer. Connect is restarted after half of them. Whether each was answered, once, with its own.
 */
export async function orders(capture: Capture, { url, adminUrl }: Urls, count: number): Promise<boolean> {
  const kafka = new Kafka({ clientId: 'orders', brokers: capture.brokers.split(','), logLevel: logLevel.NOTHING })
  using session = capture.postgres.session()
  const consumer = kafka.consumer({ groupId: 'orders', maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders.commands', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { orderId } = JSON.parse(String(message.value)) as { orderId: number }
      const type = orderId % 10 === 0 ? 'OrderRejected' : 'OrderPlaced'
      await session.run(`begin; insert into orders values (${1_000_000 + orderId}, 12.34, 'placed');
        insert into outbox values ('${randomUUID()}', 'order', '${orderId}', '${type}', '{"orderId": ${orderId}}'); commit`)
    },
  })
  const answers = new Map<string, number>()
  const refused = new Map<string, number>()
  const took = new Histogram()
  const order = async (orderId: number): Promise<void> => {
    const begun = performance.now()
    const body = JSON.stringify({ orderId })
    const headers = { 'content-type': 'application/json' }
    let response = await fetch(`${url}/orders`, { method: 'POST', headers, body })
    let own = (await response.json()) as Answer
    // what certainly was not sent is asked again, as any client would
    for (let again = 0; again < 60 && response.status === 503 && own.outcome === 'not-sent'; again++) {
      refused.set(own.code ?? '', (refused.get(own.code ?? '') ?? 0) + 1)
      await pass(1_000)
      response = await fetch(`${url}/orders`, { method: 'POST', headers, body })
      own = (await response.json()) as Answer
    }
    const isRight = response.status === (orderId % 10 === 0 ? 409 : 201) && own.orderId === orderId
    const kind = isRight
      ? 'its own answer'
      : `${response.status}${own.orderId === undefined ? ` ${own.code}` : ' of another order'}`
    answers.set(kind, (answers.get(kind) ?? 0) + 1)
    took.record((performance.now() - begun) * 1_000)
  }
  const asked: Promise<void>[] = []
  let restarting: Promise<void> = Promise.resolve()
  const start = performance.now()
  for (let orderId = 1; orderId <= count; orderId++) {
    await pass(Math.max(0, start + (orderId * 1_000) / perSecond - performance.now()))
    asked.push(order(orderId))
    if (orderId === Math.floor(count / 2)) restarting = capture.restartConnect()
  }
  await Promise.all([restarting, ...asked])
  const restartedMs = performance.now() - start
  await pass(2_000) // what Debezium tells once more comes now
  await consumer.disconnect()
  const events = await countedEvents(adminUrl)
  const rows = Number(await capture.postgres.sql('select count(*) from outbox'))
  console.log(`${count} orders at ${perSecond} a second, Connect restarted in the middle, all answered after ${(restartedMs / 1_000).toFixed(1)} s:
  clients: ${[...answers].map(([kind, n]) => `${n} ${kind}`).join(', ')}; p50 ${took.percentileMs(50).toFixed(0)} ms, longest ${took.maxMs.toFixed(0)} ms${[...refused].map(([code, n]) => `; ${n} times ${code} first`).join('')}
  outbox: ${rows} rows; events: ${[...events].map(([kind, n]) => `${n} ${kind}`).join(', ')}`)
  return answers.get('its own answer') === count && events.get('answered') === count && rows === count
}

/** What has become of the domain events, by class. */
async function countedEvents(adminUrl: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const lines = text.matchAll(/^sluice_domain_events_total\{.*?class="(\w+)".*?\} (\d+)$/gm)
  return new Map([...lines].map(([, kind = '', n]) => [kind, Number(n)] as const).filter(([, n]) => n > 0))
}
