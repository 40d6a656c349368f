import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { load } from '../../config/load.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'

const kafka = useKafka()
const example = join(import.meta.dirname, '..', '..', 'examples', 'own-dialect')

/** Runs the worker of the example; gone with the test. */
async function startWorker(t: Scope, brokers: string, topic: string): Promise<void> {
  const env = { ...process.env, KAFKA_BROKERS: brokers, TOPIC: topic, GROUP: fresh('stock') }
  const child = spawn(process.execPath, [join(example, 'worker.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
}

test('a worker with header names of its own is served as it is', { skip: kafka.skip, timeout: 120_000 }, async t => {
  const { config } = load(join(example, 'gateway.yaml'), { env: {} })
  const { topic: _, ...stock } = config!.workers['stock']!
  const { ask, topics } = await gatewayOnKafka(t, kafka.brokers, {
    broker: { publish: { attemptMs: 5_000 } },
    workers: { orders: stock },
    routes: { stock: { match: 'GET /stock/:item', query: { to: 'orders', key: 'path.item' }, timeoutMs: 30_000 } },
  })
  await startWorker(t, kafka.brokers, topics.commands)
  const bolt = await ask('/stock/bolt')
  deepEqual(
    [bolt.status, bolt.json, bolt.headers['content-type']],
    [200, { item: 'bolt', count: 12 }, 'application/json'],
  )
  const nut = await ask('/stock/nut')
  deepEqual([nut.status, nut.json], [404, { error: 'no nut' }])
  const rust = await ask('/stock/rust')
  deepEqual([rust.status, rust.json['detail'], rust.outcome], [500, 'The counter broke.', 'sent'])
  equal(rust.headers['content-type'], 'application/problem+json')
})
