import { after, before, suite, test } from 'node:test'
import { deepEqual, equal, notEqual, ok, rejects, throws } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GroupState } from '../../src/bridge/admin.ts'
import type { Acknowledged, Broker, Held, Incoming, MemberHandler, Outgoing } from '../../src/bridge/broker.ts'
import type { EpochMs } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'

/** Opens a broker that is, or soon will be, ready. */
export type Open = () => Promise<Readonly<{ broker: Broker; close: () => Promise<void> }>>

const generous = { timeout: 60_000 } as const
const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString())
const plain = (value: Uint8Array | null): readonly number[] | null => (value === null ? null : [...value])
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const never = new AbortController().signal

/** The same sentences said of every broker: what holds of the embedded one in a test holds of Kafka in production. */
export function brokerContract(name: string, open: Open): void {
  suite(`A broker (${name})`, generous, () => {
    let broker: Broker
    let close: () => Promise<void>
    before(async () => ({ broker, close } = await open()))
    after(() => close())

    const aTopic = async (partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> => {
      const topic = `contract.${randomUUID()}`
      await patiently(() => broker.admin.create([{ name: topic, partitions, replication: 1, config }]))
      await patiently(async () => notEqual(await broker.admin.topic(topic), null))
      await patiently(async () => broker.partitionFor(topic, null))
      await patiently(() => broker.admin.ends(topic)) // a partition whose leader does not know it yet takes nothing
      return topic
    }
    const record = (topic: string, value: string, over: Partial<Outgoing> = {}): Outgoing => ({
      topic,
      partition: 0,
      key: null,
      value: bytes(value),
      headers: [],
      acks: 'all',
      signal: never,
      ...over,
    })
    /** A topic that was just made may be unknown to the brokers for a moment. */
    const send = (topic: string, value: string, over: Partial<Outgoing> = {}): Promise<Acknowledged> =>
      patiently(() => broker.publish(record(topic, value, over)))
    const read = async (topic: string, from: 'earliest' | 'end' = 'earliest') => {
      const box = inbox()
      const reading = await broker.subscribe({ topic, partitions: 'all', from }, box.take)
      return { ...box, reading, [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose]() }
    }

    test('acknowledges each record with its partition and the next offset of that partition', async () => {
      const topic = await aTopic(2)
      deepEqual(await send(topic, 'a'), { partition: 0, offset: 0n })
      deepEqual(await send(topic, 'b'), { partition: 0, offset: 1n })
      deepEqual(await send(topic, 'c', { partition: 1 }), { partition: 1, offset: 0n })
      deepEqual(await send(topic, 'd', { acks: 'leader' }), { partition: 0, offset: 2n })
      deepEqual(await broker.admin.ends(topic), [3n, 1n])
    })

    test('gives no offset where no acknowledgement was asked for', async () => {
      const topic = await aTopic()
      await send(topic, 'first')
      equal((await broker.publish(record(topic, 'unconfirmed', { acks: 'none' }))).offset, -1n)
      await using reader = await read(topic)
      deepEqual(
        (await reader.records(2)).map(({ value }) => text(value)),
        ['first', 'unconfirmed'],
      )
    })

    test('hands a record over as it was sent: bytes, names that repeat, and their order', async () => {
      const topic = await aTopic()
      const binary = Uint8Array.from({ length: 256 }, (_, i) => i)
      const started = Date.now()
      await send(topic, '', {
        key: binary,
        value: binary,
        headers: [
          ['b', bytes('1')],
          ['a', bytes('2')],
          ['b', binary],
          ['empty', bytes('')],
          ['ünïcode', bytes('ü')],
        ],
      })
      await using reader = await read(topic)
      const [got] = await reader.records(1)
      deepEqual([got!.topic, got!.partition, got!.offset], [topic, 0, 0n])
      deepEqual(plain(got!.key), [...binary])
      deepEqual(plain(got!.value), [...binary])
      deepEqual(
        got!.headers.map(([header, value]) => [header, plain(value)]),
        [
          ['b', [...bytes('1')]],
          ['a', [...bytes('2')]],
          ['b', [...binary]],
          ['empty', []],
          ['ünïcode', [...bytes('ü')]],
        ],
      )
      ok(Math.abs(got!.timestamp - started) < 60_000, 'the timestamp is epoch milliseconds')
    })

    test('reads what was written before in pages, each when it is asked for', async () => {
      const topic = await aTopic(2)
      for (let n = 0; n < 20; n++) await send(topic, `${n} ${'x'.repeat(1_000)}`, { partition: 1 })
      const seen: string[] = []
      let next = 3n
      for (let pages = 0; next < 20n; pages++) {
        const page = await broker.past.page({ topic, partition: 1, from: next, maxBytes: 4_000 })
        deepEqual([page.first, page.end], [0n, 20n])
        ok(page.records.length > 0 && page.next > next && pages < 20)
        seen.push(...page.records.map(({ value }) => text(value)!.split(' ')[0]!))
        next = page.next
      }
      deepEqual(
        seen,
        Array.from({ length: 17 }, (_, n) => `${n + 3}`),
      )
      const end = await broker.past.page({ topic, partition: 1, from: 20n, maxBytes: 4_000 })
      deepEqual([end.records.length, end.next], [0, 20n])
      const beyond = await broker.past.page({ topic, partition: 1, from: 30n, maxBytes: 4_000 })
      deepEqual([beyond.records.length, beyond.next, beyond.first, beyond.end], [0, 30n, 0n, 20n])
    })

    test('finds the offsets of the beginning, the end and a time', async () => {
      const topic = await aTopic(2)
      await send(topic, 'early')
      await sleep(20)
      const time = Date.now() as EpochMs
      await sleep(20)
      await send(topic, 'late')
      await send(topic, 'other', { partition: 1 })
      deepEqual(await broker.past.offsets(topic, 'earliest'), [0n, 0n])
      deepEqual(await broker.past.offsets(topic, 'end'), [2n, 1n])
      deepEqual(await broker.past.offsets(topic, time), [1n, 0n])
      deepEqual(await broker.past.offsets(topic, (time + 60_000) as EpochMs), [2n, 1n])
    })

    test('reads each partition from an offset of its own', async () => {
      const topic = await aTopic(2)
      for (const value of ['0', '1', '2']) for (const partition of [0, 1]) await send(topic, value, { partition })
      const box = inbox()
      await using _reading = await broker.subscribe({ topic, partitions: 'all', from: { offsets: [2n] } }, box.take)
      const seen = (await box.records(4)).map(({ partition, value }) => `${partition}:${text(value)}`)
      deepEqual(seen.toSorted(), ['0:2', '1:0', '1:1', '1:2'])
    })

    test('tells nothing from empty, in keys and in values', async () => {
      const topic = await aTopic()
      await send(topic, '', { key: null, value: null })
      await send(topic, '', { key: bytes(''), value: bytes('') })
      await send(topic, '', { key: bytes('tombstone'), value: null })
      await using reader = await read(topic)
      deepEqual(
        (await reader.records(3)).map(({ key, value }) => [text(key), text(value)]),
        [
          [null, null],
          ['', ''],
          ['tombstone', null],
        ],
      )
    })

    test('keeps what was sent, though the sender writes into its buffers afterwards', async () => {
      const topic = await aTopic()
      const [key, value, header] = [bytes('key'), bytes('value'), bytes('header')]
      await send(topic, '', { key, value, headers: [['h', header]] })
      for (const buffer of [key, value, header]) buffer.fill(0)
      await using reader = await read(topic)
      const [got] = await reader.records(1)
      deepEqual([text(got!.key), text(got!.value), text(got!.headers[0]![1])], ['key', 'value', 'header'])
    })

    test("chooses the partition that Kafka's Java clients would choose for a key", async () => {
      const topic = await aTopic(12)
      const partitionOf = (key: string): number => broker.partitionFor(topic, bytes(key))
      deepEqual(['21', 'foobar', 'abc', 'a-little-bit-long-string'].map(partitionOf), [0, 6, 3, 8])
      const keyless = broker.partitionFor(topic, null)
      ok(Number.isInteger(keyless) && keyless >= 0 && keyless < 12)
    })

    test('without a key a partition that is to be avoided is passed over, unless all are', async () => {
      const topic = await aTopic(4)
      const others = new Set<number>()
      for (let i = 0; i < 20; i++) {
        others.add(broker.partitionFor(topic, null, partition => partition !== 2))
        equal(
          broker.partitionFor(topic, bytes('21'), () => true),
          broker.partitionFor(topic, bytes('21')),
        )
        await turn()
      }
      deepEqual(others, new Set([2]))
      const any = broker.partitionFor(topic, null, () => true)
      ok(Number.isInteger(any) && any >= 0 && any < 4)
    })

    test('keeps the order of a partition, and loses nothing of many records at once', async () => {
      const topic = await aTopic(3)
      await send(topic, 'first')
      await using reader = await read(topic, 'end')
      const sent = await Promise.all(
        Array.from({ length: 3_000 }, (_, i) => broker.publish(record(topic, String(i), { partition: i % 3 }))),
      )
      const got = await reader.records(3_000)
      for (const partition of [0, 1, 2]) {
        const values = got.filter(one => one.partition === partition).map(({ value }) => Number(text(value)))
        deepEqual(
          values,
          Array.from({ length: 1_000 }, (_, i) => 3 * i + partition),
        )
        const offsets = got.filter(one => one.partition === partition).map(({ offset }) => Number(offset))
        deepEqual(
          offsets,
          sent.filter(one => one.partition === partition).map(({ offset }) => Number(offset)),
        )
      }
    })

    test('reads from the earliest record, from the end, or from an offset', async () => {
      const topic = await aTopic()
      for (const value of ['0', '1', '2']) await send(topic, value)
      const ends = inbox()
      const offsets = inbox()
      await using earliest = await read(topic)
      await using _end = await broker.subscribe({ topic, partitions: 'all', from: 'end' }, ends.take)
      await using _offset = await broker.subscribe({ topic, partitions: [0], from: { offset: 1n } }, offsets.take)
      await send(topic, '3')
      const values = (records: readonly Incoming[]) => records.map(({ value }) => text(value))
      deepEqual(values(await earliest.records(4)), ['0', '1', '2', '3'])
      deepEqual(values(await ends.records(1)), ['3'])
      deepEqual(values(await offsets.records(3)), ['1', '2', '3'])
    })

    test('reads no further while a handler holds it up, and loses nothing by that', async () => {
      const topic = await aTopic()
      for (let i = 0; i < 3; i++) await send(topic, `${i}`)
      const held = Promise.withResolvers<void>()
      const taken: string[] = []
      const reading = await broker.subscribe({ topic, partitions: 'all', from: 'earliest' }, one => {
        taken.push(text(one.value) ?? '')
        return taken.length === 1 ? held.promise : undefined
      })
      await patiently(async () => ok(taken.length > 0))
      await send(topic, 'later')
      await sleep(50)
      ok(!taken.includes('later'))
      held.resolve()
      await patiently(async () => deepEqual(taken, ['0', '1', '2', 'later']))
      await reading[Symbol.asyncDispose]()
    })

    test('goes on at the end when asked for an offset that is not there yet', async () => {
      const topic = await aTopic()
      await send(topic, 'before')
      const box = inbox()
      await using _ = await broker.subscribe({ topic, partitions: [0], from: { offset: 1_000n } }, box.take)
      await send(topic, 'after')
      deepEqual(
        (await box.records(1)).map(({ value }) => text(value)),
        ['after'],
      )
    })

    test('reads the partitions asked for, and no others', async () => {
      const topic = await aTopic(4)
      const box = inbox()
      await send(topic, 'before')
      await using _ = await broker.subscribe({ topic, partitions: [1, 3], from: 'end' }, box.take)
      for (const partition of [0, 1, 2, 3]) await send(topic, String(partition), { partition })
      await send(topic, 'last', { partition: 1 })
      await send(topic, 'last', { partition: 3 })
      const got = await box.records(4)
      deepEqual(got.map(({ partition, value }) => `${partition} ${text(value)}`).sort(), [
        '1 1',
        '1 last',
        '3 3',
        '3 last',
      ])
    })

    test('misses nothing that was acknowledged after the subscription stood', async () => {
      const topic = await aTopic(2)
      await send(topic, 'warm')
      const enough = new AbortController()
      let stood = false
      const expected: string[] = []
      const writer = (async () => {
        for (let i = 0; !enough.signal.aborted; i++) {
          if (i % 8 === 0) await turn()
          const after = stood
          const { partition, offset } = await broker.publish(record(topic, String(i), { partition: i % 2 }))
          if (after) expected.push(`${partition}/${offset}`)
        }
      })()
      await sleep(20)
      await using reader = await read(topic, 'end')
      stood = true
      equal(reader.reading.healthy, true)
      while (expected.length < 500) await sleep(1)
      enough.abort()
      await writer
      const last = [await send(topic, 'last'), await send(topic, 'last', { partition: 1 })]
      for (const { partition, offset } of last) expected.push(`${partition}/${offset}`)
      const seen = await reader.until(records => records.filter(({ value }) => text(value) === 'last').length === 2)
      const places = new Set(seen.map(({ partition, offset }) => `${partition}/${offset}`))
      equal(places.size, seen.length, 'none came twice')
      deepEqual(
        expected.filter(place => !places.has(place)),
        [],
      )
    })

    test('gives every reader all records, and none to one that has gone', async () => {
      const topic = await aTopic()
      await send(topic, '0')
      await using stays = await read(topic)
      const leaves = await read(topic)
      await leaves.records(1)
      await leaves.reading[Symbol.asyncDispose]()
      await send(topic, '1')
      await stays.records(2)
      equal(leaves.seen.length, 1)
      equal(leaves.reading.healthy, false)
    })

    test('refuses what cannot be written, and says that it was not', async () => {
      const topic = await aTopic(1, { 'max.message.bytes': '10000' })
      const missing = `contract.${randomUUID()}`
      await send(topic, 'first')
      await rejects(broker.publish(record(missing, 'x')), { code: 'topic-missing', outcome: 'not-sent' })
      await rejects(broker.publish(record(topic, 'x', { partition: 1 })), {
        code: 'topic-missing',
        outcome: 'not-sent',
      })
      const large = Buffer.alloc(20_000)
      await rejects(broker.publish(record(topic, '', { value: large })), { code: 'too-large', outcome: 'not-sent' })
      deepEqual(await broker.admin.ends(topic), [1n])
      equal(await broker.admin.topic(missing), null, 'asking for a topic does not make it')
    })

    test('a record that is too large harms none that are sent with it', async () => {
      const topic = await aTopic(1, { 'max.message.bytes': '10000' })
      await send(topic, 'first')
      const results = await Promise.allSettled([
        broker.publish(record(topic, 'small')),
        broker.publish(record(topic, '', { value: Buffer.alloc(20_000) })),
        broker.publish(record(topic, 'small')),
      ])
      deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
    })

    test('does not write what was given up before, and says why in the words of who gave up', async () => {
      const topic = await aTopic()
      await send(topic, 'first')
      const gone = new AbortController()
      gone.abort(new Problem('client-gone', 'The client has gone.', { outcome: 'in-doubt' }))
      const given = record(topic, 'x', { signal: gone.signal })
      await rejects(broker.publish(given), { code: 'client-gone', outcome: 'not-sent' })
      const late = AbortSignal.abort(new Problem('publish-timeout', 'Not done within 500 ms.'))
      const refusal = { code: 'broker-unavailable', outcome: 'not-sent' }
      await rejects(broker.publish(record(topic, 'x', { signal: late })), refusal)
      await rejects(broker.publish(record(topic, 'x', { signal: AbortSignal.abort() })), refusal)
      deepEqual(await broker.admin.ends(topic), [1n])
    })

    test('asks for no partition of a topic that does not exist', async () => {
      const missing = `contract.${randomUUID()}`
      throws(
        () => broker.partitionFor(missing, null),
        ({ code }: Problem) => /^(topic-missing|not-ready)$/.test(code),
      )
    })

    test('tells of a topic what it is, and leaves alone what is there', async () => {
      const topic = await aTopic(3, { 'max.message.bytes': '54321' })
      const known = { name: topic, partitions: 3, maxMessageBytes: 54_321 }
      const told = async (): Promise<unknown> => {
        const { keeping, ...info } = (await broker.admin.topic(topic)) ?? {} // not every broker says how long it keeps what
        ok(keeping === undefined || keeping.retentionMs !== 0)
        return info
      }
      deepEqual(await told(), known)
      await send(topic, 'x')
      await broker.admin.create([{ name: topic, partitions: 5, replication: 1, config: {} }])
      deepEqual(await told(), known)
      deepEqual(await broker.admin.ends(topic), [1n, 0n, 0n])
      const more = `contract.${randomUUID()}`
      await broker.admin.create([
        { name: topic, partitions: 5, replication: 1, config: {} },
        { name: more, partitions: -1, replication: -1, config: {} },
      ])
      await patiently(async () => ok(((await broker.admin.topic(more))?.partitions ?? 0) >= 1))
    })

    suite('with groups', () => {
      const aGroup = (): string => `contract.${randomUUID()}`
      const join = async (
        group: string,
        topic: string,
        handler?: MemberHandler,
        from: 'earliest' | 'end' = 'earliest',
      ) => {
        const box = inbox()
        const holds = new Map<number, Held>()
        const membership = await broker.join({ group, topic, from }, (one, held) => {
          holds.set(one.partition, held)
          box.take(one)
          return handler === undefined ? held.done(one.offset + 1n) : handler(one, held)
        })
        return { ...box, holds, [Symbol.asyncDispose]: () => membership[Symbol.asyncDispose]() }
      }
      const values = (records: readonly Incoming[]): (string | null)[] => records.map(({ value }) => text(value))

      test('a member alone gets every partition, in order, and holds each under one name', async () => {
        const topic = await aTopic(3)
        for (let i = 0; i < 9; i++) await send(topic, String(i), { partition: i % 3 })
        const holders = new Map<number, Set<Held>>([0, 1, 2].map(partition => [partition, new Set()]))
        await using member = await join(aGroup(), topic, ({ partition }, held) => {
          equal(held.topic, topic)
          equal(held.partition, partition)
          holders.get(partition)!.add(held)
        })
        const got = await member.records(9)
        for (const partition of [0, 1, 2])
          deepEqual(
            values(got.filter(one => one.partition === partition)),
            [0, 3, 6].map(i => String(i + partition)),
          )
        deepEqual(
          [...holders.values()].map(({ size }) => size),
          [1, 1, 1],
        )
      })

      test('hands over the next record of a partition once the one before has been taken', async () => {
        const topic = await aTopic(2)
        await send(topic, 'held')
        await send(topic, 'next')
        const { promise, resolve } = Promise.withResolvers<void>()
        await using member = await join(aGroup(), topic, ({ value }) => (text(value) === 'held' ? promise : undefined))
        await member.records(1)
        // the other partition flows meanwhile
        await send(topic, 'other', { partition: 1 })
        deepEqual(values(await member.records(2)), ['held', 'other'])
        resolve()
        deepEqual(values(await member.records(3)), ['held', 'other', 'next'])
      })

      test('begins for a new group at the earliest record or at the end, as asked', async () => {
        const topic = await aTopic()
        await send(topic, 'old')
        await using all = await join(aGroup(), topic)
        await using late = await join(aGroup(), topic, undefined, 'end')
        await all.records(1)
        // where a member that begins at the end begins exactly is known by what it gets: it may miss the first ones
        const fresh = await untilSeen(late, () => send(topic, 'new'))
        ok(!values(fresh).includes('old'))
      })

      test('goes on where the group said that it was done', async () => {
        const topic = await aTopic()
        const group = aGroup()
        for (const value of ['0', '1', '2', '3']) await send(topic, value)
        {
          await using first = await join(group, topic, ({ offset }, held) => {
            if (offset === 1n) held.done(2n)
            if (offset === 3n) held.done(1n) // it never goes back
          })
          await first.records(4)
        }
        await using second = await join(group, topic)
        deepEqual(values(await second.records(2)), ['2', '3'])
      })

      test('shares the partitions among its members, and hands them over when one leaves', async () => {
        const topic = await aTopic(4)
        const group = aGroup()
        await using stays = await join(group, topic)
        const leaves = await join(group, topic)
        let round = 0
        const publishRound = async (): Promise<string[]> => {
          const names = [0, 1, 2, 3].map(partition => `${round}.${partition}`)
          round++
          await Promise.all(names.map((name, partition) => send(topic, name, { partition })))
          return names
        }
        const taken = async (names: readonly string[]): Promise<readonly [string[], string[]]> => {
          const by = (member: { seen: readonly Incoming[] }): string[] =>
            [...new Set(values(member.seen))]
              .filter(value => names.includes(value!))
              .map(value => value!.split('.')[1]!)
          while (new Set([...by(stays), ...by(leaves)]).size < 4) await sleep(5)
          return [by(stays).sort(), by(leaves).sort()]
        }
        let shares = await taken(await publishRound())
        while (shares[0].length !== 2 || shares[1].length !== 2) shares = await taken(await publishRound())
        shares = await taken(await publishRound())
        deepEqual([...shares[0], ...shares[1]].sort(), ['0', '1', '2', '3'], 'each partition has one holder')
        for (const partition of shares[0].map(Number)) equal(stays.holds.get(partition)!.signal.aborted, false)
        for (const partition of shares[1].map(Number)) equal(leaves.holds.get(partition)!.signal.aborted, false)

        await leaves[Symbol.asyncDispose]()
        for (const held of leaves.holds.values()) equal(held.signal.aborted, true, 'who leaves is told')
        const before = leaves.seen.length
        deepEqual((await taken(await publishRound()))[0], ['0', '1', '2', '3'])
        equal(leaves.seen.length, before)
      })

      const look = async (group: string, topic: string, wanted: Partial<GroupState>) =>
        await patiently(async () => {
          const state = await broker.admin.group(group, topic)
          for (const [name, value] of Object.entries(wanted)) deepEqual(state[name as keyof GroupState], value)
        })

      test('says of a group that does not exist that it has no member and has committed nothing', async () => {
        const topic = await aTopic(3)
        await send(topic, 'x', { partition: 1 })
        const nobody = { members: 0, rebalancing: false, committed: [-1n, -1n, -1n], ends: [0n, 1n, 0n] }
        await look(aGroup(), topic, nobody)
      })

      test('says how many members a group has, and how far it and the topic have come', async () => {
        const topic = await aTopic(2)
        const group = aGroup()
        for (let i = 0; i < 3; i++) await send(topic, String(i))
        const only = await join(group, topic, ({ offset }, held) => void (offset === 0n && held.done(1n)))
        await only.records(3)
        await look(group, topic, { members: 1, rebalancing: false, committed: [1n, -1n], ends: [3n, 0n] })
        const second = await join(group, topic)
        await look(group, topic, { members: 2, rebalancing: false })
        await second[Symbol.asyncDispose]()
        await only[Symbol.asyncDispose]()
        const left = { members: 0, rebalancing: false, ends: [3n, 0n] }
        await look(group, topic, left)
        equal((await broker.admin.group(group, topic)).committed[1], -1n)
      })

      test('two groups read the same topic without knowing of each other', async () => {
        const topic = await aTopic()
        for (const value of ['0', '1']) await send(topic, value)
        await using one = await join(aGroup(), topic)
        await using two = await join(aGroup(), topic)
        deepEqual(values(await one.records(2)), ['0', '1'])
        deepEqual(values(await two.records(2)), ['0', '1'])
      })
    })
  })
}

/** Collects records; `records(n)` waits for the first n. The time limit of the suite ends what never comes. */
function inbox() {
  const seen: Incoming[] = []
  const waiting = new Set<() => void>()
  const until = async (enough: (records: readonly Incoming[]) => boolean): Promise<readonly Incoming[]> => {
    while (!enough(seen)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.add(resolve)
      await promise
    }
    return seen.slice()
  }
  return {
    seen: seen as readonly Incoming[],
    take: (record: Incoming): void => {
      seen.push(record)
      for (const wake of waiting) wake()
      waiting.clear()
    },
    until,
    records: async (count: number): Promise<readonly Incoming[]> =>
      (await until(({ length }) => length >= count)).slice(0, count),
  }
}

/** Repeats the task until the reader has got something. */
async function untilSeen(
  reader: Readonly<{ seen: readonly Incoming[] }>,
  task: () => Promise<unknown>,
): Promise<readonly Incoming[]> {
  while (reader.seen.length === 0) {
    await task()
    await sleep(5)
  }
  return reader.seen
}

/** Tries for a while what a cluster that has just changed may refuse. */
async function patiently<T>(task: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await task()
    } catch (error) {
      if (left === 0 || (error instanceof Problem && error.outcome !== 'not-sent')) throw error
      await sleep(50)
    }
  }
}
