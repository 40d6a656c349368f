import { suite, test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from '../help/ask.ts'
import { useOwnKafka } from '../help/kafka.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'

const kafka = useOwnKafka({ brokers: 3 })
const perSecond = 100
const lastsMs = 15_000
const stopsAtMs = 4_000
// a write may wait for the follower that is leaving: on a busy machine for longer than the second that an attempt has as shipped
const usual = { broker: { publish: { attemptMs: 4_000 } }, routes: { 'place-order': { timeoutMs: 5_000 } } }

suite('A broker of three that is stopped as planned', { skip: kafka.skip, timeout: 120_000 }, () => {
  test('leaves no answer in doubt, and what is refused meanwhile was not sent', async t => {
    const { ask } = await gatewayOnKafka(t, kafka.brokers, usual, { demo: true })
    const answers: Promise<Answer>[] = []
    const begun = performance.now()
    let stopping: Promise<void> | null = null
    for (let i = 0; performance.now() - begun < lastsMs; i++) {
      const headers = { 'idempotency-key': `${i}` }
      const body = { orderId: `o-${i}`, amount: 1 }
      answers.push(i % 4 === 0 ? ask('/signals', { body }) : ask('/orders', { headers, body }))
      if (performance.now() - begun > stopsAtMs) stopping ??= kafka.cluster.nodes[0]!.terminate()
      await sleep(Math.max(0, begun + (i * 1_000) / perSecond - performance.now()))
    }
    await stopping
    const all = await Promise.all(answers)
    const others = all.filter(({ status }) => status >= 300)
    for (const { ms, code, text } of others.slice(0, 12))
      t.diagnostic(`${Math.round(ms)} ms ${code} ${text.slice(0, 300)}`)
    t.diagnostic(`${all.length} answers, the slowest after ${Math.round(Math.max(...all.map(({ ms }) => ms)))} ms`)
    // the replies of the worker stand still as well, and so the limit of its slots falls: that still refuses some
    t.diagnostic(`${others.length} of them refused`)
    deepEqual(
      others.filter(({ code, outcome }) => code !== 'bulkhead-full' || outcome !== 'not-sent').map(({ text }) => text),
      [],
    )
    ok(others.length < all.length / 4, `${others.length} refused`)
  })
})
