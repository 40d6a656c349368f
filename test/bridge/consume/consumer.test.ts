import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Consumer } from '../../../src/bridge/consume/consumer.ts'
import type { Work } from '../../../src/bridge/consume/consumer.ts'
import { MemoryBroker } from '../../../src/bridge/memory.ts'
import { Aborter } from '../../../src/aborter.ts'
import type { Scope } from '../../help/scope.ts'
import { until } from '../../help/until.ts'

async function aTopic(t: Scope, count: number): Promise<MemoryBroker> {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  await broker.admin.create([{ name: 'things', partitions: 1, replication: -1, config: {} }])
  const record = { topic: 'things', partition: 0, key: null, headers: [], acks: 'all', signal: new Aborter() } as const
  for (let i = 0; i < count; i++) await broker.publish({ ...record, value: Buffer.from(String(i)) })
  return broker
}

async function consuming(t: Scope, broker: MemoryBroker, work: Work, ahead = 10): Promise<Consumer> {
  const options = { group: 'g', topic: 'things', from: 'earliest', ahead, stopMs: 1_000 } as const
  const consumer = new Consumer(options, work)
  t.after(() => consumer[Symbol.asyncDispose]())
  await consumer.open(broker)
  return consumer
}

test('many are worked on at once, as many as may be, and only the finished prefix is committed', async t => {
  const broker = await aTopic(t, 5)
  const ends: ((finished: boolean) => void)[] = []
  await consuming(t, broker, () => new Promise(resolve => ends.push(resolve)), 3)
  const committed = async () => (await broker.admin.group('g', 'things')).committed[0]
  await until('three have begun', () => ends.length === 3)
  ends[1]?.(true)
  await until('a fourth has', () => ends.length === 4)
  equal(await committed(), -1n)
  ends[0]?.(true)
  await until('two are', async () => (await committed()) === 2n)
})

test('what is not finished comes again', async t => {
  const broker = await aTopic(t, 2)
  const seen: string[] = []
  const work =
    (who: string): Work =>
    ({ value }) => {
      seen.push(`${who}${String(value)}`)
      return String(value) !== '1' || who === 'b'
    }
  const first = await consuming(t, broker, work('a'))
  await until('both are seen', () => seen.length === 2)
  await first[Symbol.asyncDispose]()
  await consuming(t, broker, work('b'))
  await until('one is seen again', () => seen.length === 3)
  deepEqual(seen, ['a0', 'a1', 'b1'])
})

test('a close tells what is under way, and commits what still ends', async t => {
  const broker = await aTopic(t, 1)
  let told = false
  let begun = false
  const consumer = await consuming(t, broker, async (_record, signal) => {
    begun = true
    await new Promise<void>(resolve => signal.addEventListener('abort', () => setTimeout(resolve, 20)))
    told = true
    return true
  })
  await until('it has begun', () => begun)
  await consumer[Symbol.asyncDispose]()
  deepEqual([told, (await broker.admin.group('g', 'things')).committed], [true, [1n]])
})
