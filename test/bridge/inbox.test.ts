import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Inbox } from '../../src/bridge/inbox.ts'
import type { Broker, Source } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { now } from '../../src/clock.ts'
import { frozenClock } from '../help/clock.ts'

/** As much of a broker as an inbox asks for. */
function reading() {
  const sources: Source[] = []
  const state = { healthy: true }
  const subscribe: Broker['subscribe'] = async source => {
    sources.push(source)
    return {
      get healthy() {
        return state.healthy
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }
  return { sources, state, broker: { subscribe } as Broker }
}
const options = { topic: 'gateway.replies', instance: 'host-9090', ordinal: undefined, broadcast: false }

test('reads the one partition that its name hashes to, and tells workers so', async () => {
  const { broker, sources } = reading()
  await using inbox = new Inbox(broker, options, () => {})
  throws(() => inbox.place, { code: 'not-ready' })
  await inbox.open(12)
  const { partition } = inbox.place
  equal(partition >= 0 && partition < 12, true)
  deepEqual(sources, [{ topic: 'gateway.replies', partitions: [partition], from: 'end' }])
})

test('an ordinal names the partition, wrapped at their number', async () => {
  const { broker } = reading()
  await using inbox = new Inbox(broker, { ...options, ordinal: 13 }, () => {})
  await inbox.open(12)
  equal(inbox.place.partition, 1)
})

test('reads all partitions where a worker ignores the one named', async () => {
  const { broker, sources } = reading()
  await using inbox = new Inbox(broker, { ...options, broadcast: true }, () => {})
  await inbox.open(12)
  equal(sources[0]!.partitions, 'all')
})

test('remembers that replies may have been missing, for the calls under way then and not for later ones', async t => {
  const clock = frozenClock(t)
  const { broker, state } = reading()
  await using inbox = new Inbox(broker, options, () => {})
  await inbox.open(12)
  const before = now()
  equal(inbox.sickSince(before), false)
  state.healthy = false
  await clock.advance(300)
  state.healthy = true
  equal(inbox.healthy, true)
  equal(inbox.sickSince(before), true)
  await clock.advance(300)
  equal(inbox.sickSince(now()), false)
})

test('tells for how long replies cannot arrive, from the beginning of each sickness', async t => {
  const clock = frozenClock(t)
  const { broker, state } = reading()
  await using inbox = new Inbox(broker, options, () => {})
  await inbox.open(12)
  await clock.advance(1_000)
  equal(inbox.sickForMs, 0)
  state.healthy = false
  equal(inbox.sickForMs, 0)
  await clock.advance(1_500)
  equal(inbox.sickForMs, 1_500)
  state.healthy = true
  equal(inbox.sickForMs, 0)
  state.healthy = false
  await clock.advance(200)
  equal(inbox.sickForMs < 1_500, true)
})

test('closed while it was still opening, it reads nothing', async () => {
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: options.topic, partitions: 1, replication: 1, config: {} }])
  let read = 0
  const inbox = new Inbox(broker, options, () => read++)
  const opening = inbox.open(1)
  await inbox[Symbol.asyncDispose]()
  await opening
  const record = { topic: options.topic, partition: 0, key: null, value: null, headers: [] } as const
  await broker.publish({ ...record, acks: 'all', signal: new AbortController().signal })
  await new Promise(resolve => setImmediate(resolve))
  equal(read, 0)
  equal(inbox.healthy, false)
})
