import { suite, test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '../../src/worker/index.ts'
import { anOrder } from '../help/gateway.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const eachMs = 100
const timeoutMs = 1_000
const crowd = 120 // twelve seconds of work
const lookMs = 1_000 // between two looks at the group
const commitMs = 500 // between two commits of it
const settledMs = 4 * lookMs // the first pace is that of one lump of commits: it may be half or twice the true one
const sum = (ends: readonly bigint[]): number => ends.reduce((all, end) => all + Number(end), 0)

/** Nothing but the lag refuses, and nobody drops a command because its client has left: the worker has all of them to do. */
const watching = (over: object = {}) => ({
  workers: {
    orders: { bulkhead: { limit: 'fixed' }, breaker: { mode: 'off' }, partitionBreaker: { mode: 'off' }, ...over },
  },
  routes: { 'place-order': { timeoutMs, commandTtlMs: 120_000 } },
})

suite('A worker that cannot keep up', { skip: kafka.skip, timeout: 120_000 }, () => {
  test('what it would answer too late is refused with the time until it has caught up, which turns out to be true', async t => {
    const [topics, group] = [freshTopics(), fresh('orders')]
    const { ask, admin } = await gatewayOnKafka(t, kafka.brokers, watching({ group }), { topics })
    const another = await gatewayOnKafka(t, kafka.brokers, watching(), { topics }) // which does not look at the group
    const other = await kafkaBroker(t, kafka.brokers, [topics.commands])
    const worker = await serve(
      { brokers: kafka.brokers, topic: topics.commands, group, concurrency: 1 },
      async () => (await sleep(eachMs), { status: 201 }),
    )
    t.after(() => worker.close())
    const body = { body: anOrder } // all in one partition
    const place = () => ask('/orders', body)
    await until('it is served', async () => (await place()).status === 201, 15_000)

    const flood = Array.from({ length: crowd }, () => another.ask('/orders', body))
    const flooded = performance.now()
    const refused = await until(
      'it is known how far behind it is',
      async () => {
        const answer = await place()
        return answer.code === 'worker-behind' ? answer : null
      },
      15_000,
    )
    const at = performance.now()
    const { limit, observed, retryAfterMs, policy, detail } = refused.json as Record<string, number>
    t.diagnostic(`after ${Math.round(at - flooded)} ms: ${JSON.stringify(detail)} Retry after ${retryAfterMs} ms.`)
    deepEqual([refused.status, refused.outcome, policy], [503, 'not-sent', 'gate'])
    match(String(detail), /^orders is \d+ ms behind in partition \d+; the call has \d+ ms left\.$/)
    ok(limit! <= timeoutMs && observed! > limit!, `${observed} of ${limit} ms`)
    const aheadMs = observed! - limit! // until a call has time enough again; spread by a fifth
    ok(retryAfterMs! >= 0.79 * aheadMs && retryAfterMs! <= 1.21 * aheadMs + 1, `${retryAfterMs} for ${aheadMs} ms`)
    equal(Number(refused.headers['retry-after']), Math.ceil(retryAfterMs! / 1_000))
    ok(refused.ms < 200, `refused in ${refused.ms} ms`)

    const before = await other.admin.ends(topics.commands)
    for (let i = 0; i < 20; i++) equal((await place()).code, 'worker-behind')
    deepEqual(await other.admin.ends(topics.commands), before, 'nothing was sent')

    // while it refuses nothing is sent, so that the wait ends when all that was sent is served
    const predictions = [{ at, waitMs: observed! }]
    await until(
      'it is served again',
      async () => {
        const answer = await place()
        if (answer.code !== 'worker-behind') return true
        predictions.push({ at: performance.now(), waitMs: Number(answer.json['observed']) })
        return false
      },
      40_000,
    )
    const sent = sum(before)
    await until('all that was sent is served', () => worker.counters.served >= sent, 20_000)
    const done = performance.now()
    const [first, ...later] = predictions.filter((_, i) => i % 20 === 0).map(one => ({ ...one, tookMs: done - one.at }))
    t.diagnostic(`the first: ${first!.waitMs} ms instead of ${Math.round(first!.tookMs)}`)
    const settled = later.filter(one => one.at > at + settledMs)
    const off = Math.max(...settled.map(({ waitMs, tookMs }) => Math.abs(waitMs - tookMs)))
    t.diagnostic(`from ${settledMs} ms later on: at most ${Math.round(off)} ms off`)
    ok(settled.length > 5)
    for (const { waitMs, tookMs } of settled)
      ok(Math.abs(waitMs - tookMs) <= tookMs / 4 + lookMs + commitMs, `${waitMs} ms instead of ${Math.round(tookMs)}`)

    await until('it keeps up', async () => (await place()).status === 201, 20_000)
    for (let i = 0; i < 5; i++) equal((await place()).status, 201)
    ok((await admin.metrics()).sum('sluice_refusals_total', { code: 'worker-behind' }) >= 21)
    await Promise.all(flood)
  })
})
