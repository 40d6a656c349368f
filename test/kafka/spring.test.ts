import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { anOrder } from '../help/gateway.ts'
import { startSpringWorker } from '../help/java.ts'
import type { JavaWorker } from '../help/java.ts'
import { useKafka } from '../help/kafka.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'

const kafka = useKafka()

/** Null where Maven cannot build it, said loudly; with CI=true that is a failure. */
async function spring(topic: string): Promise<JavaWorker | null> {
  try {
    return await startSpringWorker({ brokers: kafka.brokers, topic, group: topic })
  } catch (error) {
    if (process.env.CI === 'true' || !/Maven could not build/.test(String(error))) throw error
    console.error(
      `${'!'.repeat(100)}\n!! WITHOUT SPRING: its worker is not tested. ${String(error)}\n${'!'.repeat(100)}`,
    )
    return null
  }
}

test(
  'a Spring worker, which knows nothing of Sluice, answers by @SendTo',
  { skip: kafka.skip, timeout: 300_000 },
  async t => {
    const { ask, topics, admin } = await gatewayOnKafka(t, kafka.brokers, {
      workers: { orders: { dialect: 'spring' } },
      broker: { publish: { attemptMs: 5_000 } }, // a Java machine starts beside the broker
      routes: { 'place-order': { timeoutMs: 20_000 }, 'read-order': { timeoutMs: 20_000 } },
    })
    const worker = await spring(topics.commands)
    if (worker === null) return t.skip('Maven could not build examples/spring.')
    t.after(() => worker[Symbol.asyncDispose]())
    const placed = await ask('/orders', { body: anOrder })
    deepEqual([placed.status, placed.json, placed.outcome], [201, anOrder, 'sent'])
    const read = await ask('/orders/o-1')
    deepEqual([read.status, read.json], [200, anOrder])
    equal((await ask('/orders/o-2')).status, 404)
    const ids = Array.from({ length: 100 }, (_, i) => `o-${i}`)
    const answers = await Promise.all(ids.map(orderId => ask('/orders', { body: { orderId, amount: 1 } })))
    deepEqual(
      answers.map(({ json }) => json['orderId']),
      ids,
    )
    equal((await admin.metrics()).sum('sluice_replies_total', { class: 'answered' }), 103)
  },
)
