// Brokers that move as planned, while clients ask: npm run brokers:long
import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaNode } from '../../tools/kafka/node.ts'
import type { Answer } from '../help/ask.ts'
import { fresh, useOwnKafka } from '../help/kafka.ts'
import { gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const perSecond = 200
const kafka = useOwnKafka({ brokers: 3 })

/** Asks for so long, as shipped, an event after three orders, while something is done to the brokers; and tells what came of it. */
async function asking(t: TestContext, lastsMs: number, done: () => Promise<void>): Promise<readonly Answer[]> {
  const { ask } = await gatewayOnKafka(t, kafka.brokers, { broker: { publish: { attemptMs: 1_000 } } }, { demo: true })
  const answers: Promise<Answer>[] = []
  const begun = performance.now()
  let doing: Promise<void> | null = null
  for (let i = 0; performance.now() - begun < lastsMs; i++) {
    const headers = { 'idempotency-key': `${i}` }
    const body = { orderId: `o-${i}`, amount: 1 }
    answers.push(i % 4 === 0 ? ask('/signals', { body }) : ask('/orders', { headers, body }))
    if (performance.now() - begun > 4_000) doing ??= done()
    await sleep(Math.max(0, begun + (i * 1_000) / perSecond - performance.now()))
  }
  await doing
  const all = await Promise.all(answers)
  const others = Map.groupBy(
    all.filter(({ status }) => status >= 300),
    ({ code, outcome, text }) =>
      `${code} ${outcome}: ${text.replace(/.*"detail":"([^"]*)".*/, '$1').replace(/\d+/g, 'n')}`,
  )
  for (const [what, some] of others) t.diagnostic(`${some.length} × ${what}`)
  t.diagnostic(`by second: ${seconds(all)}`)
  t.diagnostic(`${all.length} answers, the slowest after ${Math.round(Math.max(...all.map(({ ms }) => ms)))} ms`)
  return all
}

/** How many were not answered well, by the second in which they were asked. */
function seconds(all: readonly Answer[]): string {
  const counts: number[] = []
  for (const [i, { status }] of all.entries()) {
    const second = Math.floor(i / perSecond)
    counts[second] = (counts[second] ?? 0) + (status >= 300 ? 1 : 0)
  }
  return counts.join(' ')
}

/**
 * Nothing is in doubt, what is not sent was refused clearly, and of what was sent nearly all is answered: a worker whose client
 * needs two seconds to find the new leaders is silent meanwhile.
 */
function holds(t: TestContext, all: readonly Answer[]): void {
  const refused = all.filter(({ status, outcome }) => status === 503 && outcome === 'not-sent')
  const silent = all.filter(({ code, outcome }) => code === 'reply-timeout' && outcome === 'sent')
  const wrong = all.filter(answer => answer.status >= 300 && !refused.includes(answer) && !silent.includes(answer))
  t.diagnostic(`${refused.length} refused as not sent`)
  deepEqual(
    wrong.map(({ text }) => text),
    [],
  )
  ok(refused.length <= all.length / 10, `${refused.length} of ${all.length} refused`)
  ok(silent.length <= all.length / 100, `${silent.length} of ${all.length} sent and not answered`)
}

const [first, ...rest] = [0, 1, 2].map(i => (): KafkaNode => kafka.cluster.nodes[i]!)

suite('Brokers that move as planned', { skip: kafka.skip, timeout: 300_000 }, () => {
  test('one of three stops: nothing is in doubt, and what is refused was not sent', async t => {
    holds(t, await asking(t, 30_000, () => first!().terminate()))
    await first!().restart()
  })

  test('all three restart, one after the other', async t => {
    holds(
      t,
      await asking(t, 60_000, async () => {
        for (const node of [first!, ...rest]) {
          await node().terminate()
          await node().restart()
          await sleep(5_000) // replicas catch up: the next one to stop must not be the last that has all
        }
      }),
    )
  })
})

test(
  'a member of a group goes on although the coordinator of the group stops, whichever broker that is',
  { skip: kafka.skip, timeout: 200_000 },
  async t => {
    const topic = fresh('orders')
    const broker = await kafkaBroker(t, kafka.brokers)
    await broker.admin.create([{ name: topic, partitions: 3, replication: 3, config: {} }])
    const heard = new Set<string>()
    await broker.join({ group: fresh('members'), topic, from: 'earliest' }, ({ value, offset }, held) => {
      heard.add(String(value))
      held.done(offset + 1n)
    })
    let sent = 0
    for (const node of [first!, ...rest, first!, ...rest]) {
      await node().terminate()
      for (let i = 0; i < 30; i++) {
        const value = Buffer.from(`${sent++}`)
        const signal = AbortSignal.timeout(20_000)
        const partition = i % 3
        await broker
          .publish({ topic, partition, key: null, value, headers: [], acks: 'all', signal })
          .catch(() => sent--)
        await sleep(100)
      }
      await node().restart()
      await until(`all ${sent} are heard`, () => heard.size >= sent, 30_000)
    }
  },
)
