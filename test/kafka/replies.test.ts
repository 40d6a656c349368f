import { suite, test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import type { Admin, EachMessagePayload, Producer } from 'kafkajs'
import { anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka } from '../help/onkafka.ts'
import type { Topics } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'
import { heard } from '../resilience/heard.ts'

const kafka = useKafka()

/** A worker that no library of ours has written: it answers as the test says, one command at a time. */
async function aWorker(
  t: Scope,
  { commands }: Topics,
  answer: (producer: Producer, reply: (value: object) => Parameters<Producer['send']>[0]) => Promise<unknown>,
): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING })
  const producer = client.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: fresh('worker'),
    allowAutoTopicCreation: false,
    metadataMaxAge: 500,
    retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 200 },
  })
  const consumer = client.consumer({ groupId: fresh('worker'), maxWaitTimeInMs: 100 })
  t.after(async () => {
    await consumer.disconnect()
    await producer.disconnect()
  })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topics: [commands], fromBeginning: true })
  const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({
    eachMessage: async ({ message: { headers = {} } }: EachMessagePayload) => {
      const said = (name: string): string => String(headers[name])
      await answer(producer, value => ({
        topic: said('sluice-reply-to'),
        messages: [
          {
            partition: Number(said('sluice-reply-partition')),
            value: JSON.stringify(value),
            headers: { 'sluice-correlation-id': said('sluice-correlation-id') },
          },
        ],
      }))
    },
  })
  await joined
}

async function anAdmin(t: Scope): Promise<Admin> {
  const admin = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  return admin
}

const small: Part = { replies: { partitions: 3 }, workers: { orders: { partitions: 1 } } }

suite('Replies on a real Kafka', { skip: kafka.skip, timeout: 120_000 }, () => {
  test('a transaction that was given up answers nobody, and the one that was committed does', async t => {
    const topics = freshTopics()
    const over = { ...small, routes: { 'place-order': { timeoutMs: 5_000 } } } // the first transaction takes its time
    const { ask } = await gatewayOnKafka(t, kafka.brokers, over, { topics })
    let commits = true
    await aWorker(t, topics, async (producer, reply) => {
      const first = await producer.transaction()
      await first.send(reply({ try: 1 }))
      await first.abort()
      if (!commits) return
      const second = await producer.transaction()
      await second.send(reply({ try: 2 }))
      await second.commit()
    })
    for (let i = 0; i < 2; i++) {
      const { status, json } = await ask('/orders', { body: anOrder })
      deepEqual([status, json], [200, { try: 2 }])
    }
    commits = false
    equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
  })

  test('a transaction of somebody that stays open is told as what it is, and opens no circuit', async t => {
    const topics = freshTopics()
    const over = { ...small, replies: { partitions: 1 }, routes: { 'place-order': { timeoutMs: 1_000 } } }
    const { ask, admin } = await gatewayOnKafka(t, kafka.brokers, over, { topics })
    await aWorker(t, topics, async (producer, reply) => {
      const all = await producer.transaction()
      await all.send(reply({}))
      await all.commit()
    })
    equal((await ask('/orders', { body: anOrder })).status, 200)
    const other = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: fresh('other'),
    })
    await other.connect()
    t.after(() => other.disconnect())
    const open = await other.transaction()
    await open.send({ topic: topics.replies, messages: [{ partition: 0, value: 'x' }] })
    const asked = []
    for (let i = 0; i < 30; i++) {
      asked.push(ask('/orders', { body: anOrder }))
      await sleep(100)
    }
    const { degraded, ready, reasons } = await admin.ready()
    deepEqual([ready, degraded], [true, true])
    match(reasons.join(), /A transaction that is open on gateway.replies-\S+ has held the replies/)
    equal((await admin.metrics()).sum('sluice_replies_held_back'), 1)
    const codes = await Promise.all(asked.slice(0, 20).map(async one => (await one).code))
    deepEqual(new Set(codes), new Set(['reply-timeout']), 'and none circuit-open')
    await open.abort()
    await until('the replies come again', async () => (await ask('/orders', { body: anOrder })).status === 200, 10_000)
    const metrics = await admin.metrics()
    deepEqual([metrics.sum('sluice_replies_held_back'), metrics.sum('sluice_circuit_changes_total')], [0, 0])
    equal((await admin.ready()).degraded, false)
  })

  test('a topic that is deleted is made again and read from its beginning, without a restart', async t => {
    const topics = freshTopics()
    const { ask, admin } = await gatewayOnKafka(t, kafka.brokers, small, { topics })
    await aWorker(t, topics, (producer, reply) => producer.send(reply({})))
    const works = async (): Promise<boolean> => (await ask('/orders', { body: anOrder })).status === 200
    for (let i = 0; i < 3; i++) equal(await works(), true)
    const kafkaAdmin = await anAdmin(t)
    await kafkaAdmin.deleteTopics({ topics: [topics.replies] })
    await until('it is noticed', async () => (await ask('/orders', { body: anOrder })).code === 'not-ready')
    await until('it works again', works, 30_000)
    ok((await admin.metrics()).sum('sluice_reader_events_total', { kind: 'remade' }) > 0)
  })

  test('a topic that is made anew with fewer partitions gives the instance another one', async t => {
    const topics = freshTopics()
    const { ask } = await gatewayOnKafka(t, kafka.brokers, { ...small, instance: { ordinal: 2 } }, { topics })
    await aWorker(t, topics, (producer, reply) => producer.send(reply({})))
    const works = async (): Promise<boolean> => (await ask('/orders', { body: anOrder })).status === 200
    equal(await works(), true)
    const kafkaAdmin = await anAdmin(t)
    await kafkaAdmin.deleteTopics({ topics: [topics.replies] })
    const create = (): Promise<boolean> =>
      kafkaAdmin.createTopics({ topics: [{ topic: topics.replies, numPartitions: 1 }] }).catch(() => false)
    await until('it is made anew', create)
    await until('it works again', works, 30_000)
  })

  test('a topic that has grown is read in all its partitions under broadcast, within an age of the metadata', async t => {
    const topics = freshTopics()
    const broadcast: Part = {
      ...small,
      broker: { metadataMaxAgeMs: 1_000 },
      workers: { orders: { partitions: 1, replies: 'broadcast' } },
    }
    const { ask } = await gatewayOnKafka(t, kafka.brokers, broadcast, { topics })
    let partition = 0
    await aWorker(t, topics, (producer, reply) => {
      const { messages, ...rest } = reply({})
      return producer.send({ ...rest, messages: messages.map(message => ({ ...message, partition })) })
    })
    const works = async (): Promise<boolean> => (await ask('/orders', { body: anOrder })).status === 200
    equal(await works(), true)
    const kafkaAdmin = await anAdmin(t)
    await kafkaAdmin.createPartitions({ topicPartitions: [{ topic: topics.replies, count: 6 }] })
    for (partition of [3, 4, 5]) await until(`partition ${partition} is read`, works, 15_000)
    partition = 5
    for (let i = 0; i < 3; i++) equal(await works(), true)
  })

  test('what is cut from the log is passed, and no reply after it is missed', async t => {
    const topics = freshTopics()
    const { ask, admin } = await gatewayOnKafka(t, kafka.brokers, small, { topics })
    await aWorker(t, topics, (producer, reply) => producer.send(reply({})))
    const works = async (): Promise<boolean> => (await ask('/orders', { body: anOrder })).status === 200
    equal(await works(), true)
    const kafkaAdmin = await anAdmin(t)
    const ends = await kafkaAdmin.fetchTopicOffsets(topics.replies)
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }))
    await kafkaAdmin.deleteTopicRecords({ topic: topics.replies, partitions })
    for (let i = 0; i < 3; i++) equal(await works(), true)
    equal((await admin.metrics()).sum('sluice_reader_events_total', { kind: 'failed' }), 0)
  })

  test('a compacted topic is said at the start', async t => {
    const topics = freshTopics()
    const warnings = heard(t, 'warning')
    const kafkaAdmin = await anAdmin(t)
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await kafkaAdmin.createTopics({ topics: [{ topic: topics.replies, numPartitions: 1, configEntries }] })
    await gatewayOnKafka(t, kafka.brokers, small, { topics })
    const said = warnings.filter(({ what }) => what.startsWith(`${topics.replies} is compacted: the brokers refuse`))
    equal(said.length, 1)
  })
})
