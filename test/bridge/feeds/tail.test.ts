import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Tail } from '../../../src/bridge/feeds/tail.ts'
import { MemoryBroker } from '../../../src/bridge/memory.ts'
import { until } from '../../help/until.ts'

const signal = new AbortController().signal

async function aTopic(partitions = 2) {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'orders', partitions, replication: 1, config: {} }])
  const publish = (value: string, partition = 0) =>
    broker.publish({
      topic: 'orders',
      partition,
      key: null,
      value: Buffer.from(value),
      headers: [],
      acks: 'all',
      signal,
    })
  return { broker, publish }
}

test('a tail that opens has the latest records in its windows, and hears what comes from then on', async () => {
  const { broker, publish } = await aTopic()
  for (let n = 0; n < 20; n++) await publish(`${n}`)
  await using tail = new Tail(broker, 'orders', { records: 5, bytes: 100_000 })
  const heard: string[] = []
  using _listening = tail.listen({ record: ({ value }) => void heard.push(String(value)), moved: () => {} })
  await tail.open()
  await tail.open() // once is enough
  deepEqual(
    tail.windows.map(({ first, next }) => [first, next]),
    [
      [15, 20],
      [0, 0],
    ],
  )
  await publish('new', 1)
  await until('it is heard', () => heard.length > 0)
  deepEqual(heard, ['new'])
  equal(tail.healthy, true)
})

test('a position behind the end of the log is one of another log; one ahead of the reader is waited for', async () => {
  const { broker, publish } = await aTopic()
  await using tail = new Tail(broker, 'orders', { records: 5, bytes: 100_000 })
  await tail.open()
  equal(await tail.settle(0, 3), false)
  for (let n = 0; n < 3; n++) await publish(`${n}`)
  equal(await tail.settle(0, 3), true)
  equal(tail.windows[0]?.next, 3)
})
