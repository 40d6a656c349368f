import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { client } from '../help/ask.ts'
import type { Ask } from '../help/ask.ts'
import { anOrder } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import { sluice } from '../help/sluice.ts'
import type { Sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'
import { historyOf, unlikeARegister } from '../help/history.ts'
import { pause } from '../../src/clock.ts'

const kafka = useKafka()

/** Topics of one test: the operations', too. */
const someTopics = () => ({ ...freshTopics(), log: fresh('operations'), returns: fresh('operations.replies') })

test(
  'of an instance that is killed another completes the operations, and one that starts later serves them',
  {
    skip: kafka.skip,
  },
  async t => {
    const topics = someTopics()
    const start = await starter(t, topics)
    const [first, second] = [await start('a'), await start('b')]
    const broker = await kafkaBroker(t, kafka.brokers, [topics.commands, topics.returns])
    const worker = await handWorker(t, broker, topics.commands)
    const { headers, status } = await first.ask('/orders', {
      body: anOrder,
      headers: { prefer: 'respond-async' },
    })
    equal(status, 202)
    const place = headers.location!
    equal((await second.ask(place)).status, 202)
    first.process.kill('SIGKILL')
    await first.process.ended
    await (await worker.next()).reply({ status: 201 })
    const done = await second.ask(place, { headers: { prefer: 'wait=30' } })
    deepEqual([done.status, done.json], [201, anOrder])
    const third = await start('c')
    const later = await third.ask(place)
    deepEqual([later.status, later.json, later.headers.etag], [201, anOrder, done.headers.etag])
  },
)

test(
  'two instances on Kafka, 50 requests at once with one key: each of 40 keys runs once',
  {
    skip: kafka.skip,
  },
  async t => {
    const { instances, worker } = await twoInstances(t, { inFlight: 'join' })
    const [a, b] = instances
    let runs = 0
    worker.always(command => void command.reply({ status: 201, body: String(++runs) }))
    for (let key = 0; key < 40; key++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 === 0 ? a! : b!).ask('/orders', {
            body: { orderId: `o-${key}`, amount: 1 },
            headers: { 'idempotency-key': `"key-${key}"` },
          }),
        ),
      )
      deepEqual(
        [new Set(answers.map(({ status }) => status)), new Set(answers.map(({ text }) => text)).size],
        [new Set([201]), 1],
        `key ${key}`,
      )
    }
    deepEqual([runs, worker.commands.length], [40, 40])
  },
)

test(
  'what clients of two instances on Kafka see of their keys is the history of a register for each',
  {
    skip: kafka.skip,
  },
  async t => {
    const { instances, worker } = await twoInstances(t, {})
    let runs = 0
    worker.always(command => void pause(30).then(() => command.reply({ status: 201, body: String(++runs) })))
    const history = await historyOf(
      instances.map(({ ask }) => ask),
      { keys: 40, times: 10, withinMs: 200 },
    )
    equal(unlikeARegister(history), null)
    equal(runs, new Set(history.flatMap(({ key, ran }) => (ran === null ? [] : [key]))).size)
    ok(history.some(({ ran }) => ran === null) && history.some(({ replayed }) => replayed), 'both were seen')
  },
)

test('the log is compacted, the replies are not, and neither lets a command in', { skip: kafka.skip }, async t => {
  const topics = someTopics()
  const over = {
    operations: { topic: topics.log, replies: topics.returns, partitions: 3 },
    routes: { 'place-order': { async: 'offer' } },
  }
  const { ask } = await gatewayOnKafka(t, kafka.brokers, over, { topics, demo: true })
  const { status, headers } = await ask('/orders', { body: anOrder, headers: { prefer: 'respond-async' } })
  equal(status, 202)
  equal((await ask(headers.location!, { headers: { prefer: 'wait=10' } })).status, 201)
  const independent = await kafkaBroker(t, kafka.brokers, [topics.log, topics.returns])
  const sum = async (topic: string): Promise<bigint> =>
    (await independent.admin.ends(topic)).reduce((all, end) => all + end, 0n)
  equal(await sum(topics.log), 5n, 'a mark in each of three partitions, accepted, and completed')
  equal(await sum(topics.returns), 1n)
  ok((await independent.admin.topic(topics.log))!.maxMessageBytes > 4_000_000)
})

/** Two gateways whose orders have keys, and a worker for both. */
async function twoInstances(t: TestContext, idempotency: Readonly<{ inFlight?: string }>) {
  const topics = someTopics()
  const over = {
    operations: { topic: topics.log, replies: topics.returns },
    routes: { 'place-order': { timeoutMs: 20_000, idempotency } },
    workers: { orders: { bulkhead: { mode: 'off' } } },
  }
  const instances = await Promise.all([0, 1].map(() => gatewayOnKafka(t, kafka.brokers, over, { topics })))
  const broker = await kafkaBroker(t, kafka.brokers, [topics.commands, topics.returns])
  return { instances, worker: await handWorker(t, broker, topics.commands) }
}

type Started = Readonly<{ ask: Ask; process: Sluice }>

/** Starts gateways as processes of their own, ready. */
async function starter(
  t: TestContext,
  { commands, replies, log, returns }: ReturnType<typeof someTopics>,
): Promise<(id: string) => Promise<Started>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-operations-'))
  t.after(() => rm(folder, { recursive: true }))
  return async id => {
    const file = join(folder, `${id}.yaml`)
    writeFileSync(
      file,
      `
server: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
instance: { id: ${id} }
broker: { brokers: '${kafka.brokers}' }
replies: { topic: ${replies} }
operations: { topic: ${log}, replies: ${returns} }
workers: { orders: { topic: ${commands} } }
routes:
  place-order: { match: POST /orders, command: { to: orders, key: body.orderId }, async: offer, commandTtlMs: 60000 }
`,
    )
    const process = sluice(t, ['start', file])
    const { url, admin } = await process.places()
    const [front, back] = [client(url), client(admin)]
    t.after(() => {
      front[Symbol.dispose]()
      back[Symbol.dispose]()
    })
    await until('it is ready', async () => (await back.ask('/readyz')).status === 200, 30_000)
    return { ask: front.ask, process }
  }
}
