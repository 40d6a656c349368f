import { suite, test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { start } from '../../src/app.ts'
import { pause } from '../../src/clock.ts'
import { client } from '../help/ask.ts'
import { adminOf, anOrder, configOf } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { useKafka, useOwnKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka, kafkaBroker, onKafka } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

suite('a broker of its own', () => {
  const kafka = useOwnKafka()

  test(
    'a gateway that is there before its broker becomes ready by itself, soon after it',
    { skip: kafka.skip },
    async t => {
      const [node] = kafka.cluster.nodes
      await node!.kill9()
      const gateway = await start(configOf(onKafka(kafka.brokers, freshTopics())), { demo: true })
      const { ask, ...held } = client(gateway.url)
      t.after(async () => {
        await gateway.stop()
        held[Symbol.dispose]()
      })
      const admin = adminOf(t, gateway.adminUrl)
      const { status, reasons } = await until('the reason is known', async () => {
        const state = await admin.ready()
        return /ECONNREFUSED/.test(state.reasons.join()) ? state : null
      })
      equal(status, 503)
      match(reasons.join(), /^No broker is reachable: 127\.0\.0\.1:\d+: /)
      const refused = await ask('/orders', { body: anOrder })
      deepEqual([refused.status, refused.code, refused.outcome], [503, 'not-ready', 'not-sent'])

      await node!.restart()
      const served = performance.now()
      await until('it is ready', async () => (await admin.ready()).status === 200, 20_000)
      t.diagnostic(`ready ${Math.round(performance.now() - served)} ms after the broker served`)
      equal((await ask('/orders', { body: anOrder })).status, 201)
    },
  )

  test(
    'a gateway stops, although a broker that is frozen lets nobody leave its group',
    { skip: kafka.skip },
    async t => {
      const gateway = await start(configOf(onKafka(kafka.brokers, freshTopics())), { demo: true })
      await gateway.ready
      const [node] = kafka.cluster.nodes
      await node!.stop()
      t.after(() => node!.cont())
      const limit = new AbortController()
      const stopped = gateway.stop({ delayMs: 0 }).then(() => 'stopped')
      equal(await Promise.race([stopped, pause(20_000, limit.signal).then(() => 'it still runs')]), 'stopped')
      limit.abort()
    },
  )
})

suite('topics', () => {
  const kafka = useKafka()

  test(
    'two gateways that start at once on topics that are not there yet both become ready',
    { skip: kafka.skip },
    async t => {
      const topics = freshTopics()
      const both = await Promise.all(
        ['a', 'b'].map(id => gatewayOnKafka(t, kafka.brokers, { instance: { id } }, { topics })),
      )
      for (const { ask } of both) equal((await ask('/signals', { body: {} })).status, 202)
    },
  )

  test(
    'with createTopics false the missing ones are named until somebody creates them',
    { skip: kafka.skip },
    async t => {
      const topics = freshTopics()
      const part = onKafka(kafka.brokers, topics)
      const gateway = await start(configOf({ ...part, broker: { ...(part['broker'] as object), createTopics: false } }))
      t.after(() => gateway.stop())
      const admin = adminOf(t, gateway.adminUrl)
      const { ask, ...held } = client(gateway.url)
      t.after(() => held[Symbol.dispose]())
      await until('they are named', async () => (await admin.ready()).reasons.join().includes(topics.commands))
      const refused = await ask('/signals', { body: {} })
      deepEqual([refused.status, refused.code, refused.outcome], [503, 'not-ready', 'not-sent'])
      const other = await kafkaBroker(t, kafka.brokers)
      await other.admin.create(Object.values(topics).map(name => ({ name, partitions: 2, replication: 1, config: {} })))
      await gateway.ready
      equal((await ask('/signals', { body: {} })).status, 202)
    },
  )

  test('where replies is broadcast, all partitions of the replies are read', { skip: kafka.skip }, async t => {
    const { ask, topics } = await gatewayOnKafka(t, kafka.brokers, { workers: { orders: { replies: 'broadcast' } } })
    const broker = await kafkaBroker(t, kafka.brokers, [topics.commands, topics.replies])
    const worker = await handWorker(t, broker, topics.commands)
    let n = 0
    worker.always(command => void command.reply({ status: 201, partition: n++ % 12 }))
    for (let i = 0; i < 12; i++) equal((await ask('/orders', { body: anOrder })).status, 201)
  })
})
