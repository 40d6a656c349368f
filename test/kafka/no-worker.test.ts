import { suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { serve } from '../../src/worker/index.ts'
import { anOrder } from '../help/gateway.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const watched = (group: string) => ({
  workers: { orders: { group, breaker: { consecutive: 1_000, failurePercent: 100 } } },
  routes: { 'place-order': { timeoutMs: 500 } },
})

suite('A worker whose group is watched', { skip: kafka.skip, timeout: 120_000 }, () => {
  test('when its last member has left, calls are refused within 2 s and nothing is sent; it comes back by itself', async t => {
    const [topics, group] = [freshTopics(), fresh('orders')]
    const { ask, admin } = await gatewayOnKafka(t, kafka.brokers, watched(group), { topics })
    const other = await kafkaBroker(t, kafka.brokers, [topics.commands])
    const worker = { brokers: kafka.brokers, topic: topics.commands, group } as const
    const place = () => ask('/orders', { body: anOrder })
    await until('that there is nobody is known', async () => (await place()).code === 'no-worker')

    const first = await serve(worker, () => ({ status: 201 }))
    t.after(() => first.close())
    await until('it is served', async () => (await place()).status === 201, 10_000)
    await until(
      'its commits are seen',
      async () => (await admin.metrics()).sum('sluice_worker_lag_records') === 0,
      10_000,
    )
    equal((await admin.metrics()).sum('sluice_worker_members', { worker: 'orders' }), 1)

    await first.close()
    const left = performance.now()
    const refused = await until('it is noticed', async () => {
      const answer = await place()
      return answer.code === 'no-worker' ? answer : null
    })
    const noticedMs = performance.now() - left
    t.diagnostic(`noticed ${Math.round(noticedMs)} ms after it had left`)
    ok(noticedMs < 2_000, `noticed after ${noticedMs} ms`)
    deepEqual([refused.status, refused.outcome], [503, 'not-sent'])
    const before = await other.admin.ends(topics.commands)
    for (let i = 0; i < 20; i++) equal((await place()).code, 'no-worker')
    deepEqual(await other.admin.ends(topics.commands), before)

    const second = await serve(worker, () => ({ status: 201 }))
    t.after(() => second.close())
    await until('it is served again', async () => (await place()).status === 201, 10_000)
    equal((await admin.metrics()).sum('sluice_circuit_changes_total', { circuit: 'orders' }), 0)
  })
})
