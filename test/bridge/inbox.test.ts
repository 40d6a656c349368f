import { test } from 'node:test'
import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { Inbox } from '../../src/bridge/inbox.ts'
import type { Broker, PacingHandler, Incoming, Reading, Source } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { now, wallClock } from '../../src/clock.ts'
import type { EpochMs } from '../../src/clock.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord } from '../help/record.ts'

/** As much of a broker as an inbox asks for. */
function reading() {
  const sources: Source[] = []
  const state = { healthy: true, absent: false, heldBackMs: 0, remadeAt: null as EpochMs | null }
  let arrive: PacingHandler = () => {}
  const subscribe: Broker['subscribe'] = async (source, handler) => {
    sources.push(source)
    arrive = handler
    return Object.create(state, { [Symbol.asyncDispose]: { value: async () => {} } }) as Reading
  }
  return { sources, state, arrive: (record: Incoming) => void arrive(record), broker: { subscribe } as Broker }
}
const options = {
  topic: 'gateway.replies',
  instance: 'host-9090',
  ordinal: undefined,
  broadcast: false,
  ensure: async () => 12,
}

test('reads the one partition that its name hashes to, and tells workers so', async () => {
  const { broker, sources } = reading()
  await using inbox = new Inbox(broker, options, () => {})
  throws(() => inbox.place, { code: 'not-ready' })
  await inbox.open(12)
  const { partition } = inbox.place
  equal(partition >= 0 && partition < 12, true)
  deepEqual(sources, [{ topic: 'gateway.replies', partitions: [partition], from: 'end', lost: 'earliest' }])
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

test('while a transaction holds replies back silence blames nobody, and it is told as what it is', async t => {
  const clock = frozenClock(t)
  const { broker, state } = reading()
  await using inbox = new Inbox(broker, options, () => {})
  await inbox.open(12)
  const before = now()
  state.heldBackMs = 700
  await clock.advance(200)
  deepEqual([inbox.healthy, inbox.sickSince(now())], [true, true])
  match(
    inbox.notices[0]!,
    /A transaction that is open on gateway.replies has held the replies behind it back for 700 ms/,
  )
  state.heldBackMs = 0
  await clock.advance(200)
  deepEqual([inbox.sickSince(before), inbox.sickSince(now()), inbox.notices], [true, false, []])
})

test('a topic that was made anew is told until the first reply comes', async t => {
  const clock = frozenClock(t)
  const { broker, state, arrive } = reading()
  await using inbox = new Inbox(broker, options, () => {})
  await inbox.open(12)
  state.remadeAt = wallClock()
  await clock.advance(200)
  match(
    inbox.notices[0]!,
    /gateway.replies was made anew \(seen at .+\), and no reply has come since: .+ restart the workers/,
  )
  arrive(aRecord())
  deepEqual(inbox.notices, [])
  await clock.advance(1_000)
  deepEqual(inbox.notices, [])
})

test('a topic that stays away for five seconds is asked for, and again until it is there', async t => {
  const clock = frozenClock(t)
  const { broker, state, sources } = reading()
  let asked = 0
  const ensure = async (): Promise<number> => {
    if (++asked === 1) throw new Error('It is being deleted still.')
    return 12
  }
  await using inbox = new Inbox(broker, { ...options, ensure }, () => {})
  await inbox.open(12)
  Object.assign(state, { healthy: false, absent: true })
  for (let i = 0; i < 23; i++) await clock.advance(200)
  deepEqual([asked, inbox.reason], [0, 'gateway.replies is not there any more, or has fewer partitions.'])
  for (let i = 0; i < 60; i++) await clock.advance(200)
  equal(asked >= 2, true)
  equal(sources.length, 1, 'the partition is there again: the reader goes on by itself')
})

test('a topic that has fewer partitions now gives it another one, which workers are told', async t => {
  const clock = frozenClock(t)
  const { broker, state, sources } = reading()
  await using inbox = new Inbox(broker, { ...options, ordinal: 7, ensure: async () => 3 }, () => {})
  await inbox.open(12)
  const { place } = inbox
  equal(inbox.place, place)
  Object.assign(state, { healthy: false, absent: true })
  for (let i = 0; i < 30; i++) await clock.advance(200)
  Object.assign(state, { healthy: true, absent: false })
  deepEqual([place.partition, inbox.place.partition, sources.length], [7, 1, 2])
})
