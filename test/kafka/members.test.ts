import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Aborter } from '../../src/aborter.ts'
import type { Incoming } from '../../src/bridge/broker.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const [count, partitions] = [3_000, 3] as const

test('when a member joins, what the others have done is not done again', { skip: kafka.skip }, async t => {
  const [topic, group] = [fresh('things'), fresh('group')]
  const broker = await kafkaBroker(t, kafka.brokers)
  await broker.admin.create([{ name: topic, partitions, replication: -1, config: {} }])
  broker.start([topic])
  const record = { topic, key: null, headers: [], acks: 'all', signal: new Aborter() } as const
  await until('the topic is known', () => {
    try {
      return broker.partitionFor(topic, null) >= 0
    } catch {
      return false
    }
  })
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      broker.publish({ ...record, partition: n % partitions, value: Buffer.from(String(n)) }),
    ),
  )
  const seen = new Map<string, number>()
  const join = () =>
    broker.join({ group, topic, from: 'earliest' }, async ({ value, offset }: Incoming, held) => {
      await sleep(2)
      seen.set(String(value), (seen.get(String(value)) ?? 0) + 1)
      held.done(offset + 1n)
    })
  const first = await join()
  t.after(() => first[Symbol.asyncDispose]())
  await until('it has begun', () => seen.size > 300, 20_000)
  const second = await join()
  t.after(() => second[Symbol.asyncDispose]())
  await until('all are done', () => seen.size === count, 30_000)
  const twice = [...seen.values()].filter(times => times > 1).length
  equal(seen.size, count)
  ok(twice <= 10 * partitions, `${twice} were done twice: more than what was on its way`)
  t.diagnostic(`${twice} of ${count} were done twice`)
})
