import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { markOf } from '../../../src/bridge/mark.ts'
import type { Broker } from '../../../src/bridge/broker.ts'
import { MemoryBroker } from '../../../src/bridge/memory.ts'
import { events } from '../../../src/events.ts'
import type { Happenings } from '../../../src/events.ts'
import { Problem } from '../../../src/problem.ts'
import { project } from '../../../src/worker/projection/index.ts'
import type { Happened, ProjectOptions, Projection } from '../../../src/worker/projection/index.ts'
import { Refusal, refuse } from '../../../src/worker/answer.ts'
import { frozenClock } from '../../help/clock.ts'
import { folder } from '../../help/folder.ts'
import { aRecord } from '../../help/record.ts'
import { until } from '../../help/until.ts'

const topic = 'accounts.events'
const balances = {
  init: () => 0,
  apply: (balance: number, { type, data }: Happened) => balance + (type === 'withdrawn' ? -1 : 1) * (data as number),
}

async function aBroker(t: TestContext, options = {}): Promise<MemoryBroker> {
  const broker = new MemoryBroker(options)
  t.after(() => broker[Symbol.asyncDispose]())
  await broker.admin.create([{ name: topic, partitions: 3, replication: 1, config: {} }])
  return broker
}

async function opened(
  t: TestContext,
  broker: MemoryBroker,
  over: Partial<ProjectOptions<number>> = {},
): Promise<Projection<number>> {
  const projection = await project<number>(topic, { broker, ...balances, ...over })
  t.after(() => projection.close())
  return projection
}

const deposit = (amount: number) => () => [{ type: 'deposited', data: amount }]
const withdraw = (amount: number) => (balance: number) => {
  if (balance < amount) throw refuse(409, `Only ${balance} is there.`)
  return [{ type: 'withdrawn', data: amount }]
}

test('a decision is made against the state, and is in the state once it has resolved', async t => {
  const accounts = await opened(t, await aBroker(t))
  deepEqual(accounts.get('a'), undefined)
  const first = await accounts.decide('a', deposit(10))
  deepEqual([first.state, first.appended, first.repeated], [10, true, false])
  equal((await accounts.decide('a', withdraw(7))).state, 3)
  await rejects(
    accounts.decide('a', withdraw(7)),
    (error: Refusal) => error instanceof Refusal && error.answer.status === 409,
  )
  deepEqual(await accounts.decide('a', () => []), { state: 3, appended: false, repeated: false, position: null })
  deepEqual([accounts.get('a'), [...accounts.keys()], accounts.size], [3, ['a'], 1])
})

test('of two that decide at once against one balance, in two processes, only one gets it', async t => {
  const broker = await aBroker(t)
  const [here, there] = [await opened(t, broker), await opened(t, broker)]
  for (let round = 0; round < 50; round++) {
    const key = `k${round}`
    await here.decide(key, deposit(1))
    await there.reach(markOf('any.topic', 0, 0n, 0))
    const both = await Promise.allSettled([here.decide(key, withdraw(1)), there.decide(key, withdraw(1))])
    deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a.localeCompare(b)),
      ['fulfilled', 'rejected'],
    )
    equal(here.get(key), 0)
  }
})

test('many decisions from several processes add up to what each of them was told', async t => {
  const broker = await aBroker(t)
  const all = [await opened(t, broker), await opened(t, broker), await opened(t, broker)]
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, n) => all[n % 3]?.decide('shared', deposit(1)) ?? Promise.reject(new Error('none'))),
  )
  ok(results.every(({ appended, repeated }) => appended && !repeated))
  deepEqual(new Set(results.map(({ position }) => position)).size, 60)
  await Promise.all(all.map(one => one.reach(markOf('any.topic', 0, 0n, 0))))
  deepEqual(
    all.map(one => one.get('shared')),
    [60, 60, 60],
  )
})

test('nothing is refused for an old state', async t => {
  const broker = await aBroker(t)
  const [here, there] = [await opened(t, broker), await opened(t, broker)]
  for (let round = 0; round < 20; round++) {
    await here.decide(`k${round}`, deposit(1))
    // there it may not have been read yet
    equal((await there.decide(`k${round}`, withdraw(1))).state, 0)
    await rejects(here.decide(`k${round}`, withdraw(1)), Refusal)
  }
})

test('the same decision is appended once, however often it is tried', async t => {
  const broker = await aBroker(t)
  const [here, there] = [await opened(t, broker), await opened(t, broker)]
  equal((await here.decide('a', deposit(5), { id: 'c-1' })).repeated, false)
  const again = await there.decide('a', deposit(5), { id: 'c-1' })
  deepEqual([again.state, again.repeated, again.appended], [5, true, true])
  const both = await Promise.all([here, there].map(one => one.decide('a', deposit(5), { id: 'c-2' })))
  deepEqual(
    both.map(({ state }) => state),
    [10, 10],
  )
})

test('what the log had before is replayed, and a later start goes on from the snapshot', async t => {
  const broker = await aBroker(t)
  const file = join(folder(t), 'accounts.db')
  const first = await opened(t, broker, { snapshot: file })
  for (let n = 0; n < 20; n++) await first.decide(`k${n % 4}`, deposit(1))
  await first.close()
  const later = await opened(t, broker)
  await later.decide('k0', deposit(1))
  const applied: string[] = []
  const apply = (state: number, event: Happened): number => {
    applied.push(event.key)
    return balances.apply(state, event)
  }
  const second = await opened(t, broker, { snapshot: file, apply })
  deepEqual([second.get('k0'), second.get('k1'), applied], [6, 5, ['k0']])
  equal((await second.decide('k1', withdraw(5))).state, 0)
  await second.close()
  const progress: number[] = []
  const other = await opened(t, broker, { snapshot: file, revision: 'other', onProgress: done => progress.push(done) })
  deepEqual([other.get('k0'), progress.at(-1)], [6, 22])
})

test('a snapshot of a log of which a new one has the name is refused, although the new one is longer', async t => {
  const file = join(folder(t), 'accounts.db')
  const [old, anew] = [await aBroker(t), await aBroker(t)]
  const first = await opened(t, old, { snapshot: file })
  await first.decide('a', deposit(1))
  await first.close()
  const other = await opened(t, anew)
  for (let n = 0; n < 20; n++) await other.decide(`k${n}`, deposit(1))
  await rejects(opened(t, anew, { snapshot: file }), /made anew since the snapshot/)
})

test('events of writers that read no state count, too', async t => {
  const broker = await aBroker(t)
  const accounts = await opened(t, broker)
  const key = Buffer.from('a')
  const headers = [['ce_type', Buffer.from('deposited')]] as const
  const partition = broker.partitionFor(topic, key)
  const { offset } = await broker.publish({
    ...aRecord({ topic, key, partition, value: Buffer.from('4'), headers }),
    acks: 'all',
    signal: new AbortController().signal,
  })
  await accounts.reach(markOf(topic, partition, offset, 0))
  equal(accounts.get('a'), 4)
  equal((await accounts.decide('a', withdraw(4))).state, 0)
})

test('a decision is tried until the brokers are back; one whose time is over says what is known', async t => {
  const broker = await aBroker(t)
  const accounts = await opened(t, broker)
  broker.outage()
  const waiting = accounts.decide('a', deposit(1))
  const over = new AbortController()
  const late = accounts.decide('b', deposit(1), { signal: over.signal })
  over.abort()
  await rejects(late, (error: Problem) => error instanceof Problem && error.outcome === 'not-sent')
  broker.restore()
  equal((await waiting).state, 1)
  equal(accounts.get('b'), undefined)
})

test('an outage that is longer than any number of tries is waited for, and who loses every race is told', async t => {
  const clock = frozenClock(t)
  const broker = await aBroker(t)
  const accounts = await opened(t, broker)
  broker.outage()
  const waiting = accounts.decide('a', deposit(1))
  for (let second = 0; second < 60; second++) await clock.advance(1_000)
  broker.restore()
  await clock.advance(1_000)
  equal((await waiting).state, 1)
  // somebody else is always quicker
  const other = await opened(t, broker)
  const slow = accounts.decide('a', async () => {
    await other.decide('a', deposit(1))
    return [{ type: 'deposited', data: 1 }]
  })
  const lost = rejects(slow, (error: Problem) => error.code === 'key-in-flight' && error.outcome === 'not-sent')
  for (let n = 0; n < 40; n++) await clock.advance(500)
  await lost
  equal(other.get('a'), 21)
})

test('a record that cannot be applied stops the projection, and it says where', async t => {
  const broker = await aBroker(t)
  const apply = (state: number, { data }: Happened): number => {
    if (data === 13) throw new Error('unlucky')
    return state + (data as number)
  }
  const accounts = await opened(t, broker, { apply })
  await accounts.decide('a', deposit(1))
  await rejects(accounts.decide('a', deposit(13)), /accounts\.events\/\d at 1 cannot be applied/)
  match(accounts.failure?.message ?? '', /cannot be applied/)
  await rejects(accounts.decide('a', deposit(1)), /cannot be applied/)
})

test('a topic that lacks its beginning, is compacted, or is not there cannot be replayed', async t => {
  const broker = await aBroker(t, { records: 5 })
  const full = await opened(t, broker)
  for (let n = 0; n < 12; n++) await full.decide('a', deposit(1))
  await rejects(opened(t, broker), /begins at 7 in partition \d, and 0 is needed: set retention\.ms=-1/)
  await rejects(project('absent', { broker, ...balances }), (error: Problem) => error.code === 'topic-missing')
})

test('a topic that will delete its events is named', async t => {
  const broker = await aBroker(t)
  const told: string[] = []
  const hear = ({ what }: Happenings['warning']): void => void told.push(what)
  events.warning.subscribe(hear)
  t.after(() => events.warning.unsubscribe(hear))
  const keeping = {
    retentionMs: 604_800_000,
    cleanupPolicy: 'delete',
    minInsyncReplicas: 1,
    replication: 1,
    brokers: 1,
  }
  const { admin } = broker
  const described = await admin.topic(topic)
  t.mock.method(admin, 'topic', async () => ({ ...described, keeping }))
  await opened(t, broker)
  deepEqual(told, [
    'accounts.events deletes its events after 604800000 ms: what was deleted cannot be replayed. Set retention.ms=-1.',
  ])
})

test('what a client has seen is waited for, and how far it is is told when it does not come', async t => {
  const broker = await aBroker(t)
  const accounts = await opened(t, broker)
  const { position } = await accounts.decide('a', deposit(1))
  await accounts.reach(position)
  await accounts.reach(null)
  const partition = broker.partitionFor(topic, Buffer.from('a'))
  await rejects(accounts.reach(markOf(topic, partition, 5n, 0), { limitMs: 30 }), (error: Refusal) => {
    match(JSON.stringify(error.answer), /504.*is at 1 in partition \d, and 6 is awaited/)
    return true
  })
  await rejects(accounts.reach('nonsense'), (error: Refusal) => error.answer.status === 400)
  const later = accounts.reach(markOf(topic, partition, 1n, 0))
  await accounts.decide('a', deposit(1))
  await later
  await until('nothing is left to do', () => accounts.get('a') === 2)
})

test('what a client has seen in another log of the topic is refused', async t => {
  const [here, there] = [await opened(t, await aBroker(t)), await opened(t, await aBroker(t))]
  const { position } = await there.decide('a', deposit(1))
  for (let n = 0; n < 5; n++) await here.decide('a', deposit(1))
  await rejects(here.reach(position), (error: Refusal) => error.answer.status === 410)
})

/** The same broker, whose acknowledgements are lost, and whose records are, each now and then. */
function faulty(broker: MemoryBroker, random: () => number): Broker {
  return {
    state: 'ready',
    reason: '',
    admin: broker.admin,
    past: broker.past,
    start: () => {},
    watch: changed => broker.watch(changed),
    movedSince: () => false,
    partitionFor: (name, key) => broker.partitionFor(name, key),
    subscribe: (source, handler) => broker.subscribe(source, handler),
    join: (membership, handler) => broker.join(membership, handler),
    async publish(record) {
      const fate = random()
      if (fate < 0.2) throw new Problem('broker-unavailable', 'It was not written.')
      const written = await broker.publish(record)
      if (fate < 0.5) throw new Problem('publish-timeout', 'It was written, and nobody said so.')
      return written
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

test('whatever is lost on the way, each decision counts once and none is overdrawn', async t => {
  const broker = await aBroker(t)
  const random = seeded(42)
  const projections: Projection<number>[] = []
  for (let n = 0; n < 2; n++)
    projections.push(await project<number>(topic, { broker: faulty(broker, random), ...balances }))
  t.after(() => Promise.all(projections.map(projection => projection.close())))
  const one = (n: number): Projection<number> => projections[n % projections.length] as Projection<number>
  for (let n = 0; n < 5; n++) await one(n).decide(`k${n}`, deposit(10), { id: `deposit-${n}` })
  const spend = (balance: number) => (balance < 1 ? [] : [{ type: 'withdrawn', data: 1 }])
  // each is tried by both, as when a worker dies between appending and answering
  const tries = Array.from({ length: 80 }, (_, n) => ({ n, m: Math.floor(n / 2) }))
  const spent = await Promise.all(
    tries.map(async ({ n, m }) => ({ m, ...(await one(n).decide(`k${m % 5}`, spend, { id: `spend-${m}` })) })),
  )
  const replayed = await opened(t, broker)
  for (let key = 0; key < 5; key++) {
    const decided = new Set(spent.filter(({ m, appended }) => appended && m % 5 === key).map(({ m }) => m))
    equal(replayed.get(`k${key}`), 10 - decided.size)
    equal(decided.size, 8)
  }
})

/** A small generator of numbers from 0 to below 1 (Park and Miller 1988). */
function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
