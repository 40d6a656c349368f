import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { Span, edgeOf } from '../../src/bridge/span.ts'
import type { Edge } from '../../src/bridge/span.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord } from '../help/record.ts'

/** Nine records, one a second, in three partitions by turns. */
async function written(t: TestContext, options = {}): Promise<MemoryBroker> {
  const clock = frozenClock(t)
  const broker = new MemoryBroker(options)
  await broker.admin.create([{ name: 'events', partitions: 3, replication: 1, config: {} }])
  for (let n = 0; n < 9; n++) {
    const record = aRecord({ topic: 'events', partition: n % 3, value: Buffer.from(String(n)) })
    await broker.publish({ ...record, acks: 'all', signal: new AbortController().signal })
    await clock.advance(1_000)
  }
  return broker
}

async function valuesOf(broker: MemoryBroker, from: Edge, to: Edge): Promise<readonly string[]> {
  const span = await Span.open(broker.past, 'events', from, to)
  const found: string[] = []
  for await (const { value } of span.records()) found.push(Buffer.from(value ?? []).toString())
  equal(span.passed, span.size)
  return found
}

const timeOf = (n: number) => edgeOf(String(1_000_000 + n * 1_000).padStart(12, '0')) as Edge

test('records come in the order of their times, over all partitions', async t => {
  const broker = await written(t)
  deepEqual(await valuesOf(broker, 'earliest', 'end'), ['0', '1', '2', '3', '4', '5', '6', '7', '8'])
  deepEqual(await valuesOf(broker, timeOf(2), timeOf(5)), ['2', '3', '4'])
  deepEqual(await valuesOf(broker, { offset: 1n }, { offset: 2n }), ['3', '4', '5'])
  deepEqual(await valuesOf(broker, 'end', 'end'), [])
  deepEqual(await valuesOf(broker, timeOf(5), timeOf(2)), [])
})

test('what is deleted is passed, and what comes later is no part of it', async t => {
  const broker = await written(t, { records: 2 })
  deepEqual(await valuesOf(broker, { offset: 0n }, 'end'), ['3', '4', '5', '6', '7', '8'])
  const span = await Span.open(broker.past, 'events', 'earliest', 'end')
  const found: number[] = []
  for await (const { offset } of span.records()) {
    found.push(Number(offset))
    await broker.publish({ ...aRecord({ topic: 'events' }), acks: 'all', signal: new AbortController().signal })
  }
  equal(found.length <= 6, true)
})

test('a place is a word, a time or an offset', () => {
  deepEqual(edgeOf('offset:12'), { offset: 12n })
  equal(edgeOf('1700000000000'), 1_700_000_000_000)
  equal(edgeOf('2023-11-14T22:13:20Z'), 1_700_000_000_000)
  deepEqual([edgeOf('earliest'), edgeOf('end'), edgeOf('yesterday'), edgeOf('')], ['earliest', 'end', null, null])
})
