// Brokers that move as planned, while clients ask: npm run brokers:long
import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ifError, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { Config } from '../../config/schema/index.ts'
import { access } from '../../src/bridge/kafka/access.ts'
import type { Held } from '../../src/bridge/broker.ts'
import type { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { dial } from '../../src/bridge/kafka/link.ts'
import { exchange } from '../../src/bridge/kafka/protocol.ts'
import type { KafkaNode } from '../../tools/kafka/node.ts'
import type { Answer } from '../help/ask.ts'
import { fresh, useOwnKafka } from '../help/kafka.ts'
import { gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const perSecond = Number(process.env['PER_SECOND'] ?? 200)
const warmS = 15
const kafka = useOwnKafka({ brokers: 3 })
/** What config/gateway.yaml says of the routes that are asked. */
const asShipped = { routes: { 'place-order': { timeoutMs: 5_000 } } }
const second = (ms: number): string => (ms / 1_000).toFixed(1)

/** Asks for so long, as shipped, an event after three orders, while something is done to the brokers; and tells what came of it. */
async function asking(
  t: TestContext,
  lastsMs: number,
  done: (topics: readonly string[]) => Promise<void>,
): Promise<readonly Answer[]> {
  const { ask, topics } = await gatewayOnKafka(t, kafka.brokers, asShipped, { demo: true })
  // brokers that have just started need seconds of this rate to be quick, and of these nothing is asked here
  const warm: Promise<Answer>[] = []
  for (let i = 0; i < warmS * perSecond; i++) {
    warm.push(ask('/orders', { body: { orderId: `w-${i}`, amount: 1 } }))
    await sleep(1_000 / perSecond)
  }
  await Promise.all(warm)
  const answers: Promise<Answer & { second: number }>[] = []
  const begun = performance.now()
  let doing: Promise<void> | null = null
  let failed: unknown
  const move = async (): Promise<void> => {
    const from = performance.now()
    await done(Object.values(topics))
    t.diagnostic(`the brokers moved from second ${second(from - begun)} to ${second(performance.now() - begun)}`)
  }
  for (let i = 0; performance.now() - begun < lastsMs; i++) {
    const headers = { 'idempotency-key': `${i}` }
    const body = { orderId: `o-${i}`, amount: 1 }
    const asked = { second: Math.floor((performance.now() - begun) / 1_000) }
    const answer = i % 4 === 0 ? ask('/signals', { body }) : ask('/orders', { headers, body })
    answers.push(answer.then(got => ({ ...got, ...asked })))
    if (performance.now() - begun > 4_000) doing ??= move().catch((why: unknown) => void (failed = why))
    await sleep(Math.max(0, begun + (i * 1_000) / perSecond - performance.now()))
  }
  const all = await Promise.all(answers)
  await doing
  ifError(failed)
  const others = Map.groupBy(
    all.filter(({ status }) => status >= 300),
    ({ code, outcome, text }) =>
      `${code} ${outcome}: ${text.replace(/.*"detail":"([^"]*)".*/, '$1').replace(/\d+/g, 'n')}`,
  )
  for (const [what, some] of others)
    t.diagnostic(
      `${some.length} × ${what} (asked in second ${[...new Set(some.map(each => each.second))].join(' ')}), the first: ${some[0]?.text}`,
    )
  t.diagnostic(`${all.length} answers, the slowest after ${Math.round(Math.max(...all.map(({ ms }) => ms)))} ms`)
  return all
}

/** The metadata of topics as kafkajs tells it, and what it may be asked for. */
async function withAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: kafka.brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Whether every partition has all its replicas in sync. */
const inSync = (): Promise<boolean> =>
  withAdmin(async admin => {
    const { topics } = await admin.fetchTopicMetadata()
    return topics.every(({ partitions }) => partitions.every(({ isr, replicas }) => isr.length === replicas.length))
  })

/** Makes another replica the preferred one of every partition, and those the leaders (ElectLeaders, version 0). */
async function electOthers(names: readonly string[]): Promise<void> {
  await withAdmin(async admin => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] })
    await admin.alterPartitionReassignments({
      topics: topics.map(({ name: topic, partitions }) => ({
        topic,
        partitionAssignment: partitions.map(({ partitionId: partition, replicas: [one = 0, ...others] }) => ({
          partition,
          replicas: [...others, one],
        })),
      })),
    })
  })
  const { broker } = Config.parse({ routes: {}, broker: { brokers: kafka.brokers } })
  const link = await dial('127.0.0.1', first!().port, access(broker), () => {})
  const all = -1
  const elect = exchange(
    { key: 43, version: 0, name: 'ElectLeaders' },
    out => (out.int32(all), out.int32(20_000)),
    () => ({}),
  )
  await link.send(elect, 30_000)
  link.close('done')
}

/**
 * Nothing is in doubt, what is not sent was refused clearly, and of what was sent nearly all is answered: a worker is silent
 * while it looks for the new leaders.
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
  ok(refused.length <= all.length / 50, `${refused.length} of ${all.length} refused`)
  ok(silent.length <= all.length / 100, `${silent.length} of ${all.length} sent and not answered`)
}

/** A topic that each of the three brokers has. */
async function onThree(t: TestContext): Promise<Readonly<{ broker: KafkaBroker; topic: string }>> {
  const topic = fresh('orders')
  const broker = await kafkaBroker(t, kafka.brokers)
  await broker.admin.create([{ name: topic, partitions: 3, replication: 3, config: {} }])
  return { broker, topic }
}

const [first, ...rest] = [0, 1, 2].map(i => (): KafkaNode => kafka.cluster.nodes[i]!)

suite('Brokers that move as planned', { skip: kafka.skip, timeout: 300_000 }, () => {
  test('one of three stops: nothing is in doubt, and what is refused was not sent', async t => {
    t.after(() => first!().restart())
    holds(t, await asking(t, 30_000, () => first!().terminate()))
  })

  test('all three restart, one after the other', async t => {
    holds(
      t,
      await asking(t, 60_000, async () => {
        for (const node of [first!, ...rest]) {
          await node().terminate()
          await node().restart()
          await until('replicas have caught up', inSync, 60_000) // the next one to stop must not be the last that has all
          await sleep(2_000)
        }
      }),
    )
  })

  test('every leader moves to another replica, as all are in order', async t => {
    holds(t, await asking(t, 20_000, electOthers))
  })
})

test(
  'a member follows leaders and its coordinator within one generation: all is acknowledged, and nothing comes twice',
  { skip: kafka.skip, timeout: 200_000 },
  async t => {
    const { broker, topic } = await onThree(t)
    const holdings = new Set<Held>() // of a generation, one for each partition
    const heard: string[] = []
    const places: string[] = [] // of what was heard: a double in the topic has two, what came twice has one
    await broker.join({ group: fresh('members'), topic, from: 'earliest' }, ({ value, partition, offset }, held) => {
      holdings.add(held)
      heard.push(String(value))
      places.push(`${value} at ${partition}/${offset}`)
      held.done(offset + 1n)
    })
    let sent = 0
    const some = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        const value = Buffer.from(String(sent++).padStart(4, '0'))
        const signal = AbortSignal.timeout(20_000)
        await broker.publish({ topic, partition: i % 3, key: null, value, headers: [], acks: 'all', signal })
      }
      await until(`all ${sent} are heard`, () => heard.length >= sent, 30_000)
    }
    await some()
    for (let i = 0; i < 4; i++) {
      await electOthers([topic])
      await some()
    }
    for (const node of [first!, ...rest]) {
      await Promise.all([node().terminate(), some()])
      await node().restart()
      await until('replicas have caught up', inSync, 60_000)
      await some()
    }
    equal(holdings.size, 3, 'one generation')
    const twice = places
      .toSorted()
      .filter(place => heard.indexOf(place.slice(0, 4)) !== heard.lastIndexOf(place.slice(0, 4)))
    deepEqual(twice, [])
    deepEqual(
      heard.toSorted(),
      Array.from({ length: sent }, (_, i) => String(i).padStart(4, '0')),
    )
  },
)

test(
  'a member of a group goes on although the coordinator of the group stops, whichever broker that is',
  { skip: kafka.skip, timeout: 200_000 },
  async t => {
    const { broker, topic } = await onThree(t)
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
