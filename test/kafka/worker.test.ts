import { after, before, suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, Incoming } from '../../src/bridge/broker.ts'
import { connect, serve } from '../../src/worker/index.ts'
import { header, pairs } from '../help/record.ts'
import { useKafka } from '../help/kafka.ts'

const kafka = useKafka()

suite('A worker on Kafka', { skip: kafka.skip, timeout: 60_000 }, () => {
  let broker: Broker
  before(async () => {
    broker = await connect({ brokers: kafka.brokers })
  })
  after(() => broker[Symbol.asyncDispose]())

  async function aStation() {
    const commands = `worker.${randomUUID()}`
    const answers = `worker.${randomUUID()}`
    while (broker.state !== 'ready') await sleep(20)
    await broker.admin.create([
      { name: commands, partitions: 4, replication: 1, config: {} },
      { name: answers, partitions: 2, replication: 1, config: {} },
    ])
    const replies: Incoming[] = []
    const reading = await broker.subscribe({ topic: answers, partitions: [1], from: 'end' }, one => replies.push(one))
    const send = (id: string, key: string, over: Readonly<Record<string, string>> = {}): Promise<unknown> =>
      broker.publish({
        topic: commands,
        partition: broker.partitionFor(commands, Buffer.from(key)),
        key: Buffer.from(key),
        value: Buffer.from(id),
        headers: pairs({
          ce_id: id,
          'sluice-correlation-id': randomUUID(),
          'sluice-reply-to': answers,
          'sluice-reply-partition': '1',
          'sluice-expires': String(Date.now() + 30_000),
          ...over,
        }),
        acks: 'all',
        signal: new AbortController().signal,
      })
    const replied = async (count: number): Promise<void> => {
      while (replies.length < count) await sleep(10)
    }
    const worker = { brokers: kafka.brokers, topic: commands, group: `worker.${randomUUID()}` }
    return { commands, replies, reading, send, replied, worker }
  }

  test('answers each command once to a topic that it learns of by the command, and repeats what is repeated', async () => {
    const { replies, reading, send, replied, worker } = await aStation()
    let runs = 0
    await using serving = await serve(worker, command => ({ status: 201, body: `${++runs} ${command.text()}` }))
    await Promise.all(Array.from({ length: 500 }, (_, i) => send(`id-${i}`, `key-${i % 50}`)))
    await replied(500)
    await send('id-7', 'key-7')
    await send('late', 'key-7', { 'sluice-expires': '1000' })
    await replied(502)
    equal(runs, 500)
    const statuses = replies.map(({ headers }) => header(headers, 'sluice-status'))
    deepEqual([statuses.filter(status => status === '201').length, statuses.at(-1)], [501, '504'])
    const { served, duplicates, expired, failed } = serving.counters
    deepEqual({ served, duplicates, expired, failed }, { served: 500, duplicates: 1, expired: 1, failed: 0 })
    await reading[Symbol.asyncDispose]()
  })

  test('hands over to another without losing a command, and what was answered is not done again', async () => {
    const { commands, replies, reading, send, replied, worker } = await aStation()
    const runs: string[] = []
    const first = await serve(worker, command => void runs.push(command.text()))
    for (let i = 0; i < 40; i++) await send(`before-${i}`, `key-${i}`)
    await replied(40)
    await first.close()
    for (let i = 0; i < 40; i++) await send(`after-${i}`, `key-${i}`)
    await using _ = await serve(worker, command => void runs.push(command.text()))
    await replied(80)
    equal(runs.length, 80)
    equal(new Set(runs).size, 80)
    equal(replies.length, 80)
    ok((await broker.admin.ends(commands)).reduce((sum, end) => sum + end, 0n) === 80n)
    await reading[Symbol.asyncDispose]()
  })
})
