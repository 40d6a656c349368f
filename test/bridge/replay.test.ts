import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { replay } from '../../src/bridge/replay.ts'
import { Span } from '../../src/bridge/span.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, header, pairs } from '../help/record.ts'

async function written(count: number): Promise<MemoryBroker> {
  const broker = new MemoryBroker()
  const topic = (name: string, partitions: number) => ({ name, partitions, replication: 1, config: {} })
  await broker.admin.create([topic('events', 3), topic('copy', 3), topic('narrow', 1)])
  for (let n = 0; n < count; n++) {
    const over = { topic: 'events', partition: n % 3, key: Buffer.from(`k${n}`), headers: pairs({ ce_id: `e${n}` }) }
    await broker.publish({ ...aRecord(over), acks: 'all', signal: new AbortController().signal })
  }
  return broker
}

const all = async (broker: MemoryBroker, topic: string) => {
  const found = []
  for await (const record of (await Span.open(broker.past, topic, 'earliest', 'end')).records()) found.push(record)
  return found
}

async function replayed(
  _t: TestContext,
  broker: MemoryBroker,
  into: string,
  perSecond = 1_000_000,
): Promise<readonly number[]> {
  const counts: number[] = []
  const span = await Span.open(broker.past, 'events', 'earliest', 'end')
  for await (const done of replay({ broker, span, into, perSecond })) counts.push(done)
  return counts
}

test('what is replayed is what it was, where it was, and says so', async t => {
  const broker = await written(7)
  equal((await replayed(t, broker, 'copy')).at(-1), 7)
  const [sources, copies] = [await all(broker, 'events'), await all(broker, 'copy')]
  const shown = ({ partition, offset, key, value }: (typeof copies)[number]) => [partition, offset, key, value]
  const sorted = (records: typeof copies) => records.map(shown).toSorted((a, b) => String(a).localeCompare(String(b)))
  deepEqual(sorted(copies), sorted(sources))
  for (const { headers, partition, offset } of copies)
    deepEqual(header(headers, 'sluice-replayed'), `events/${partition}/${offset}`)
  equal((await replayed(t, broker, 'narrow')).at(-1), 7)
  equal((await all(broker, 'narrow')).length, 7)
})

test('it is paced', async t => {
  const clock = frozenClock(t)
  const broker = await written(50)
  const running = replayed(t, broker, 'copy', 100)
  await clock.advance(0)
  equal((await all(broker, 'copy')).length, 10)
  await clock.advance(100)
  equal((await all(broker, 'copy')).length, 20)
  for (let n = 0; n < 5; n++) await clock.advance(100)
  deepEqual(await running, [10, 20, 30, 40, 50, 50])
})

test('a failure ends it', async t => {
  const broker = await written(5)
  const span = await Span.open(broker.past, 'events', 'earliest', 'end')
  const counts: number[] = []
  await rejects(
    async () => {
      for await (const done of replay({ broker, span, into: 'copy', perSecond: 10 })) {
        counts.push(done)
        broker.outage()
      }
    },
    { code: 'broker-unavailable' },
  )
  deepEqual(counts, [1])
  t.diagnostic('one was published')
})
