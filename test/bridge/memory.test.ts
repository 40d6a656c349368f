import { suite, test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Outgoing } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { frozenClock } from '../help/clock.ts'
import { brokerContract } from './broker.contract.ts'

brokerContract('memory', async () => {
  const broker = new MemoryBroker()
  broker.start()
  return { broker, close: () => broker[Symbol.asyncDispose]() }
})

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const record = (over: Partial<Outgoing> = {}): Outgoing => ({
  topic: 't',
  partition: 0,
  key: null,
  value: Buffer.from('x'),
  headers: [],
  acks: 'all',
  signal: new AbortController().signal,
  ...over,
})
async function aBroker(options: ConstructorParameters<typeof MemoryBroker>[0] = {}): Promise<MemoryBroker> {
  const broker = new MemoryBroker(options)
  await broker.admin.create([{ name: 't', partitions: 2, replication: 1, config: {} }])
  return broker
}

suite('The embedded broker', () => {
  test('never runs a handler inside a publish, and delivers what gathered together', async () => {
    await using broker = await aBroker()
    const seen: bigint[] = []
    await broker.subscribe({ topic: 't', partitions: 'all', from: 'end' }, ({ offset }) => seen.push(offset))
    const acknowledged = [broker.publish(record()), broker.publish(record())]
    await Promise.all(acknowledged)
    equal(seen.length, 0)
    await turn()
    deepEqual(seen, [0n, 1n])
  })

  test('keeps no more records and bytes in a partition than it may, and drops the oldest', async () => {
    await using broker = await aBroker({ records: 3 })
    for (let i = 0; i < 5; i++) await broker.publish(record())
    const seen: bigint[] = []
    await broker.subscribe({ topic: 't', partitions: [0], from: 'earliest' }, ({ offset }) => seen.push(offset))
    await turn()
    deepEqual(seen, [2n, 3n, 4n])
  })

  test('a reader that asks for what is no longer kept goes on at the end, and that is told', async t => {
    await using broker = await aBroker({ records: 3 })
    for (let i = 0; i < 5; i++) await broker.publish(record())
    const told: Happenings['reader'][] = []
    const listen = (what: Happenings['reader']): void => void told.push(what)
    events.reader.subscribe(listen)
    t.after(() => events.reader.unsubscribe(listen))
    const seen: bigint[] = []
    await broker.subscribe({ topic: 't', partitions: [0], from: { offset: 1n } }, ({ offset }) => seen.push(offset))
    await turn()
    await broker.publish(record())
    await turn()
    deepEqual(seen, [5n])
    deepEqual(
      told.map(({ kind, offset }) => [kind, offset]),
      [['repositioned', 5n]],
    )
  })

  test('a handler that throws is told of and does not stop the records behind', async t => {
    await using broker = await aBroker()
    const told: Happenings['warning'][] = []
    const listen = (what: Happenings['warning']): void => void told.push(what)
    events.warning.subscribe(listen)
    t.after(() => events.warning.unsubscribe(listen))
    const seen: bigint[] = []
    await broker.subscribe({ topic: 't', partitions: 'all', from: 'end' }, ({ offset }) => {
      seen.push(offset)
      throw new Error('bad handler')
    })
    await broker.join({ group: 'g', topic: 't', from: 'end' }, async ({ offset }) => {
      seen.push(offset)
      throw new Error('bad handler')
    })
    for (let i = 0; i < 2; i++) await broker.publish(record())
    await turn()
    deepEqual(seen, [0n, 1n, 0n, 1n])
    equal(told.length, 4)
  })

  test('a reader that writes into a record changes neither the log nor what others read', async () => {
    await using broker = await aBroker()
    const seen: string[] = []
    for (let i = 0; i < 2; i++)
      await broker.subscribe({ topic: 't', partitions: 'all', from: 'end' }, ({ value }) => {
        seen.push(String(value))
        value!.fill(0)
      })
    await broker.publish(record())
    await turn()
    deepEqual(seen, ['x', 'x'])
  })

  test('is reached by nobody while down, loses nothing, and readers go on afterwards', async () => {
    await using broker = await aBroker()
    const seen: bigint[] = []
    const source = { topic: 't', partitions: 'all', from: 'end' } as const
    const reading = await broker.subscribe(source, ({ offset }) => seen.push(offset))
    await broker.publish(record())
    const states: string[] = []
    using _ = broker.watch(state => states.push(state))
    broker.outage('pulled the plug')
    deepEqual([broker.state, broker.reason, reading.healthy], ['down', 'pulled the plug', false])
    const refusal = { code: 'broker-unavailable', outcome: 'not-sent', message: 'pulled the plug' }
    await rejects(broker.publish(record()), refusal)
    await rejects(broker.admin.topic('t'), refusal)
    await rejects(
      broker.subscribe(source, () => {}),
      refusal,
    )
    await turn()
    deepEqual(seen, [])
    broker.restore()
    deepEqual([broker.state, broker.reason, reading.healthy], ['ready', '', true])
    await broker.publish(record())
    await turn()
    deepEqual(seen, [0n, 1n])
    deepEqual(states, ['down', 'ready'])
  })

  test('a slow one writes at once and acknowledges late', async t => {
    const clock = frozenClock(t)
    await using broker = await aBroker()
    broker.slow(500)
    let acknowledged = false
    void broker.publish(record()).then(() => (acknowledged = true))
    deepEqual(await broker.admin.ends('t'), [1n, 0n])
    await clock.advance(499)
    equal(acknowledged, false)
    await clock.advance(1)
    equal(acknowledged, true)
  })

  test('who gives up on the acknowledgement is in doubt, but a client that leaves ends nothing', async t => {
    const clock = frozenClock(t)
    await using broker = await aBroker()
    broker.slow(500)
    const attempt = new AbortController()
    const client = new AbortController()
    const given = rejects(broker.publish(record({ signal: attempt.signal })), { code: 'publish-timeout' })
    const left = broker.publish(record({ signal: client.signal }))
    await clock.advance(100)
    attempt.abort(new Problem('publish-timeout', 'Not done within 100 ms.'))
    client.abort(new Problem('client-gone', 'The client has gone.'))
    await given
    await clock.advance(400)
    equal((await left).offset, 1n)
  })

  test('spreads records without a key over the partitions, turn by turn', async () => {
    await using broker = await aBroker()
    const partitions = new Set<number>()
    for (let i = 0; i < 4; i++) {
      const partition = broker.partitionFor('t', null)
      equal(broker.partitionFor('t', null), partition, 'within a turn they fill one batch')
      partitions.add(partition)
      await broker.publish(record({ partition }))
      await turn()
    }
    deepEqual(partitions, new Set([0, 1]))
  })

  test('once closed it tells readers and members, and takes nothing', async () => {
    const broker = await aBroker()
    let revoked: AbortSignal | undefined
    await broker.join({ group: 'g', topic: 't', from: 'end' }, (_, held) => {
      revoked = held.signal
    })
    await broker.publish(record())
    await turn()
    equal(revoked?.aborted, false)
    await broker[Symbol.asyncDispose]()
    equal(revoked?.aborted, true)
    await rejects(broker.publish(record()), { code: 'broker-unavailable' })
  })
})
