import { suite, test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { access } from '../../../src/bridge/kafka/access.ts'
import { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import { Producer } from '../../../src/bridge/kafka/producer.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import type { Outgoing } from '../../../src/bridge/broker.ts'
import { Problem } from '../../../src/problem.ts'
import { frozenClock } from '../../help/clock.ts'
import { apis, produced, scriptedNode } from '../../help/scripted.ts'
import { until } from '../../help/until.ts'

const record = (over: Partial<Outgoing> = {}): Outgoing => ({
  topic: 't',
  partition: 0,
  key: null,
  value: Buffer.from('v'),
  headers: [],
  acks: 'all',
  signal: new AbortController().signal,
  ...over,
})

async function producing(
  options: { partitions?: number; records?: number; bytes?: number; requestMs?: number; ids?: true | number } = {},
) {
  const { partitions = 1, records = 100, bytes = 1_000_000, requestMs = 5_000 } = options
  const node = await scriptedNode(partitions, null, options.ids)
  const cluster = new Cluster(access(Config.parse({ routes: {}, broker: { brokers: node.brokers } }).broker))
  const producer = new Producer(cluster, { requestMs, buffer: { records, bytes } })
  cluster.start(['t'])
  await until('connected', () => cluster.link(1, 'produce'))
  const sent = (): number => node.requests.filter(({ api }) => api === 0).length
  const handedOver = (): Promise<unknown> => until('handed over', () => sent() > 0)
  return {
    node,
    cluster,
    producer,
    sent,
    handedOver,
    [Symbol.asyncDispose]: async () => {
      await cluster.close()
      await node[Symbol.asyncDispose]()
    },
  }
}

suite('publishing, and what is known of the record afterwards', () => {
  test('the broker is asked to give up before we do, as our giving up costs the connection', async () => {
    await using it = await producing({ requestMs: 1_000 })
    it.node.on('produce', () => produced([{ partition: 0, code: codes.requestTimedOut }]))
    await rejects(it.producer.publish(record()), { code: 'publish-timeout', outcome: 'in-doubt' })
    const { body } = it.node.requests.find(({ api }) => api === apis.produce)!
    equal(body.readInt32BE(4), 800)
  })

  test('acknowledged: partition and offset, those of a batch counted on', async () => {
    await using it = await producing()
    it.node.on('produce', () => produced([{ partition: 0, code: 0, offset: 40n }]))
    const all = await Promise.all([
      it.producer.publish(record()),
      it.producer.publish(record()),
      it.producer.publish(record()),
    ])
    deepEqual(
      all.map(({ offset }) => offset),
      [40n, 41n, 42n],
    )
    equal(it.sent(), 1, 'one produce request for all that came together')
  })

  test('one partition refused, another written: each record gets what its own partition’s answer says', async () => {
    await using it = await producing({ partitions: 3 })
    it.node.on('produce', () =>
      produced([
        { partition: 0, code: 0, offset: 7n },
        { partition: 1, code: codes.notEnoughReplicas },
      ]),
    )
    const written = it.producer.publish(record())
    const refused = rejects(it.producer.publish(record({ partition: 1 })), {
      code: 'broker-unavailable',
      outcome: 'not-sent',
    })
    const hidden = rejects(it.producer.publish(record({ partition: 2 })), {
      code: 'publish-timeout',
      outcome: 'in-doubt',
    })
    equal((await written).offset, 7n)
    await refused
    await hidden
  })

  test('an empty answer is no acknowledgement', async () => {
    await using it = await producing()
    it.node.on('produce', () => produced([]))
    await rejects(it.producer.publish(record()), { outcome: 'in-doubt' })
  })

  test('the connection lost after writing: in doubt', async () => {
    await using it = await producing()
    it.node.on('produce', () => 'hang-up')
    await rejects(it.producer.publish(record()), { code: 'publish-timeout', outcome: 'in-doubt' })
  })

  test('no connection: not sent, at once, and no dial of its own', async () => {
    await using it = await producing()
    it.node.on('versions', () => 'hang-up')
    it.node.cut()
    await until('down', () => it.cluster.state === 'down')
    const { dials } = it.node
    for (let i = 0; i < 50; i++)
      await rejects(it.producer.publish(record()), { code: 'broker-unavailable', outcome: 'not-sent' })
    equal(it.node.dials - dials <= 2, true)
  })

  test('a hung broker: in doubt what it was given, not sent what still waits', async () => {
    await using it = await producing()
    it.node.on('produce', () => 'silence')
    const limit = new AbortController()
    const given = rejects(it.producer.publish(record({ signal: limit.signal })), {
      code: 'publish-timeout',
      outcome: 'in-doubt',
    })
    await it.handedOver()
    const waiting = rejects(it.producer.publish(record({ signal: limit.signal })), {
      code: 'broker-unavailable',
      outcome: 'not-sent',
    })
    equal(it.producer.waiting, 2)
    limit.abort(new Problem('publish-timeout', 'Not done within 1000 ms.'))
    await given
    await waiting
    equal(it.producer.waiting, 0)
    equal(it.sent(), 1, 'what was taken out is never handed over')
  })

  test('a client that leaves takes its record out of the buffer, but not back from the broker', async () => {
    await using it = await producing()
    let release = (): void => {}
    const held = new Promise<void>(resolve => (release = resolve))
    it.node.on('produce', () => 'silence')
    const gone = new AbortController()
    const given = it.producer.publish(record({ signal: gone.signal }))
    await it.handedOver()
    const waiting = rejects(it.producer.publish(record({ signal: gone.signal })), {
      code: 'client-gone',
      outcome: 'not-sent',
    })
    gone.abort(new Problem('client-gone', 'left'))
    await waiting
    let settled = false
    void given.then(
      () => (settled = true),
      () => (settled = true),
    )
    release()
    await held
    equal(settled, false, 'it goes on without an audience')
    it.node.cut()
    await rejects(given, { outcome: 'in-doubt' })
  })

  test('aborted before: not sent, in the words of who gave up', async () => {
    await using it = await producing()
    await rejects(
      it.producer.publish(record({ signal: AbortSignal.abort(new Problem('deadline-exceeded', 'late')) })),
      { code: 'deadline-exceeded', outcome: 'not-sent' },
    )
    equal(it.sent(), 0)
  })

  test('a full buffer refuses by number and by bytes, and takes again when it has emptied', async () => {
    await using it = await producing({ records: 2, bytes: 10_000 })
    it.node.on('produce', () => 'silence')
    const limit = new AbortController()
    const { signal } = limit
    const all = [it.producer.publish(record({ signal })), it.producer.publish(record({ signal }))]
    await rejects(it.producer.publish(record()), { code: 'buffer-full', outcome: 'not-sent' })
    limit.abort(new Problem('publish-timeout', 'hung'))
    await Promise.allSettled(all)
    it.node.on('produce', () => produced([{ partition: 0, code: 0 }]))
    await rejects(it.producer.publish(record({ value: Buffer.alloc(10_000) })), { code: 'buffer-full' })
  })

  test('a batch that is too large for the topic is split; a record that is too large alone gets 413, its neighbours go through', async () => {
    await using it = await producing()
    it.node.on('produce', body => produced([{ partition: 0, code: body.length > 1_000 ? codes.messageTooLarge : 0 }]))
    const small = Array.from({ length: 8 }, () => it.producer.publish(record({ value: Buffer.alloc(300) })))
    const large = rejects(it.producer.publish(record({ value: Buffer.alloc(1_000) })), {
      code: 'too-large',
      outcome: 'not-sent',
    })
    const others = Array.from({ length: 8 }, () => it.producer.publish(record({ value: Buffer.alloc(300) })))
    await Promise.all([...small, ...others])
    await large
  })

  test('a record that the broker does not take is refused alone', async () => {
    await using it = await producing()
    const poison = Buffer.from('poison')
    it.node.on('produce', body => produced([{ partition: 0, code: body.includes(poison) ? codes.invalidRecord : 0 }]))
    const published = Array.from({ length: 20 }, (_, i) =>
      it.producer.publish(record(i === 7 ? { value: poison } : {})),
    )
    const results = await Promise.allSettled(published)
    deepEqual(
      results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : [])),
      [7],
    )
    await rejects(published[7]!, { code: 'invalid-request', outcome: 'not-sent' })
  })

  test('a batch never exceeds what the topic takes: the rest goes with the next one', async () => {
    await using it = await producing()
    it.producer.limit('t', 1_000)
    const sizes: number[] = []
    it.node.on('produce', body => {
      sizes.push(body.length)
      return produced([{ partition: 0, code: 0 }])
    })
    await Promise.all(Array.from({ length: 10 }, () => it.producer.publish(record({ value: Buffer.alloc(400) }))))
    equal(sizes.length, 5)
    equal(Math.max(...sizes) < 1_000 + 60, true)
  })

  test('what wants other acknowledgements than the first stays for the next request', async () => {
    await using it = await producing()
    it.node.on('produce', () => produced([{ partition: 0, code: 0 }]))
    const published = (['all', 'none', 'all'] as const).map(acks => it.producer.publish(record({ acks })))
    const [first, without, second] = (await Promise.all(published)).map(({ offset }) => offset)
    deepEqual([first, without, second], [0n, -1n, 0n])
    await until('three requests, in order', () => it.sent() === 3)
    equal(it.producer.waiting, 0)
  })

  test('a request has 512 records at most, the oldest first', async () => {
    await using it = await producing({ records: 1_000 })
    it.node.on('produce', () => produced([{ partition: 0, code: 0 }]))
    const published = await Promise.all(Array.from({ length: 600 }, () => it.producer.publish(record())))
    const first = published[0]!.offset
    deepEqual(
      published.map(({ offset }) => Number(offset - first)),
      Array.from({ length: 600 }, (_, i) => i % 512),
    )
    equal(it.sent(), 2)
  })

  test('one request is in flight for a leader; what gathers meanwhile is the next batch', async () => {
    await using it = await producing()
    it.node.on('produce', () => 'silence')
    const first = it.producer.publish(record())
    await it.handedOver()
    const rest = Array.from({ length: 20 }, () => it.producer.publish(record()))
    equal(it.sent(), 1)
    it.node.on('produce', () => produced([{ partition: 0, code: 0 }]))
    it.node.cut()
    await rejects(first, { outcome: 'in-doubt' })
    const results = await Promise.allSettled(rest)
    equal(
      results.every(result => result.status === 'rejected' && (result.reason as Problem).outcome === 'not-sent'),
      true,
      'none of them had left us',
    )
  })

  test('without acknowledgements nobody waits for an answer', async () => {
    await using it = await producing()
    it.node.on('produce', () => 'silence')
    deepEqual(await it.producer.publish(record({ acks: 'none' })), { partition: 0, offset: -1n })
  })

  test('keyless records fill one partition for a batch, then another, and pass over those without a leader', async () => {
    await using it = await producing({ partitions: 2 })
    it.node.on('produce', () =>
      produced([
        { partition: 0, code: 0 },
        { partition: 1, code: 0 },
      ]),
    )
    equal(it.producer.turn('t'), it.producer.turn('t'))
    const before = it.producer.turn('t')
    await it.producer.publish(record({ partition: before }))
    equal(it.producer.turn('t'), 1 - before)
  })
})

suite('as an idempotent producer', () => {
  const numberOf = (body: Buffer) => {
    const at = body.indexOf(Buffer.from([0, 1, 0x74])) + 3 + 4 + 4 + 4 // the topic `t`, one partition, its number and length
    return [body.readInt16BE(at + 51), body.readInt32BE(at + 53), body.readInt32BE(at + 57)] // epoch, sequence, records
  }
  const idempotent = async () => {
    const it = await producing({ ids: true })
    const numbers = () => it.node.requests.filter(({ api }) => api === apis.produce).map(({ body }) => numberOf(body))
    return { ...it, numbers }
  }
  /** Answers with these, one after the other, and then with the last for ever. */
  const answering = (
    it: { node: Awaited<ReturnType<typeof scriptedNode>> },
    ...reactions: readonly (number | 'hang-up')[]
  ) => {
    let i = 0
    it.node.on('produce', () => {
      const reaction = reactions[Math.min(i++, reactions.length - 1)]!
      return reaction === 'hang-up'
        ? reaction
        : produced([{ partition: 0, code: reaction, offset: reaction === 0 ? 5n : -1n }])
    })
  }

  for (const code of [
    'notLeaderOrFollower',
    'requestTimedOut',
    'notEnoughReplicasAfterAppend',
    'kafkaStorageError',
  ] as const)
    test(`after ${code} the same batch goes again under the same number, and is acknowledged`, async () => {
      await using it = await idempotent()
      answering(it, codes[code], 0)
      deepEqual(await it.producer.publish(record()), { partition: 0, offset: 5n })
      await it.producer.publish(record())
      deepEqual(it.numbers(), [
        [0, 0, 1],
        [0, 0, 1],
        [0, 1, 1],
      ])
    })

  test('a connection lost after writing: it is found out on the next what became of the batch', async () => {
    await using it = await idempotent()
    answering(it, 'hang-up', codes.duplicateSequenceNumber, 0)
    deepEqual(await it.producer.publish(record()), { partition: 0, offset: -1n })
    await it.producer.publish(record())
    deepEqual(it.numbers().at(-1), [0, 1, 1], 'the one that was there already counts')
  })

  for (const code of ['notLeaderOrFollower', 'requestTimedOut'] as const)
    test(`a batch that is answered ${code} for ever goes again, each time at least 50 ms later`, async t => {
      await using it = await idempotent()
      const sentAt: number[] = []
      const { advance } = frozenClock(t)
      it.node.on('produce', () => {
        sentAt.push(performance.now())
        return produced([{ partition: 0, code: codes[code], offset: -1n }])
      })
      const limit = new AbortController()
      const given = rejects(it.producer.publish(record({ signal: limit.signal })), { outcome: 'in-doubt' })
      while (sentAt.length < 8) await advance(5)
      limit.abort(new Problem('deadline-exceeded', 'late'))
      await given
      const apart = sentAt.slice(1).map((at, i) => at - sentAt[i]!)
      equal(Math.min(...apart) >= 50, true, `${apart.join(', ')} ms apart`)
    })

  test('what nobody waits for any more is left in doubt, and the next epoch begins at 0', async () => {
    await using it = await idempotent()
    answering(it, 0, codes.notLeaderOrFollower)
    await it.producer.publish(record())
    const limit = new AbortController()
    const given = rejects(it.producer.publish(record({ signal: limit.signal })), { outcome: 'in-doubt' })
    await until('it was refused once', () => it.sent() > 1)
    limit.abort(new Problem('publish-timeout', 'Not done within 1000 ms.'))
    await given
    answering(it, 0)
    await it.producer.publish(record())
    deepEqual(it.numbers().at(-1), [1, 0, 1])
  })

  test('what has a number outlasts its attempt while the call goes on, and its record is acknowledged in the end', async () => {
    await using it = await idempotent()
    answering(it, codes.notLeaderOrFollower)
    const [attempt, call] = [new AbortController(), new AbortController()]
    const given = it.producer.publish(record({ signal: attempt.signal, patience: call.signal }))
    await until('it was refused once', () => it.sent() > 0)
    attempt.abort(new Problem('publish-timeout', 'Not done within 1000 ms.'))
    answering(it, 0)
    deepEqual(await given, { partition: 0, offset: 5n })
    deepEqual(it.numbers().at(-1), [0, 0, 1], 'under its number')
  })

  test('what waits behind a batch that goes again outlasts its attempt, too, and is not sent once its call is over', async () => {
    await using it = await idempotent()
    answering(it, codes.notLeaderOrFollower)
    const [attempt, call, short] = [new AbortController(), new AbortController(), new AbortController()]
    const first = it.producer.publish(record({ signal: attempt.signal, patience: call.signal }))
    await until('it was refused once', () => it.sent() > 0)
    const second = it.producer.publish(record({ signal: attempt.signal, patience: call.signal }))
    const third = it.producer.publish(record({ signal: attempt.signal, patience: short.signal }))
    const refused = rejects(third, { code: 'broker-unavailable', outcome: 'not-sent' })
    attempt.abort(new Problem('publish-timeout', 'Not done within 1000 ms.'))
    short.abort(new Problem('deadline-exceeded', 'The deadline passed.'))
    await refused
    answering(it, 0)
    await Promise.all([first, second])
    deepEqual(it.numbers().slice(-2), [
      [0, 0, 1],
      [0, 1, 1],
    ])
  })

  test('what was handed over without a number outlasts its attempt, too, as it may be confirmed yet', async () => {
    await using it = await idempotent()
    it.node.on('produce', () => 'silence')
    const [attempt, call, short] = [new AbortController(), new AbortController(), new AbortController()]
    const first = it.producer.publish(record({ acks: 'leader', signal: attempt.signal, patience: call.signal }))
    const second = it.producer.publish(record({ acks: 'leader', signal: attempt.signal, patience: short.signal }))
    await it.handedOver()
    const doubt = rejects(second, { code: 'publish-timeout', outcome: 'in-doubt' })
    attempt.abort(new Problem('publish-timeout', 'Not done within 500 ms.'))
    short.abort(new Problem('deadline-exceeded', 'The deadline passed.'))
    await doubt
    it.node.answer(produced([{ partition: 0, code: 0, offset: 5n }]))
    deepEqual(await first, { partition: 0, offset: 5n })
  })

  test('what waits behind a slow request outlasts its attempt while leaders move, and not otherwise', async () => {
    await using it = await idempotent()
    it.node.on('produce', () => 'silence')
    const [attempt, call] = [new AbortController(), new AbortController()]
    const first = it.producer.publish(record({ signal: attempt.signal, patience: call.signal }))
    await it.handedOver()
    const behind = record({ signal: attempt.signal, patience: call.signal })
    const late = new AbortController()
    const refused = rejects(it.producer.publish(record({ signal: late.signal, patience: call.signal })), {
      code: 'broker-unavailable',
      outcome: 'not-sent',
    })
    late.abort(new Problem('publish-timeout', 'Not done within 500 ms.'))
    await refused
    const second = it.producer.publish(behind)
    it.cluster.stale(codes.notLeaderOrFollower) // as another partition's answer says
    attempt.abort(new Problem('publish-timeout', 'Not done within 500 ms.'))
    answering(it, 0)
    it.node.answer(produced([{ partition: 0, code: 0, offset: 4n }]))
    deepEqual([(await first).offset, (await second).offset], [4n, 5n])
  })

  test('what waits for the next leader outlasts its attempt, and is not sent once its call is over', async () => {
    await using it = await idempotent()
    answering(it, 0)
    it.node.state.leader = -1
    it.cluster.refresh()
    await until('nobody leads', () => it.cluster.leader('t', 0) === null)
    const [attempt, call, short] = [new AbortController(), new AbortController(), new AbortController()]
    const first = it.producer.publish(record({ signal: attempt.signal, patience: call.signal }))
    const second = it.producer.publish(record({ signal: attempt.signal, patience: short.signal }))
    const refused = rejects(second, { code: 'broker-unavailable', outcome: 'not-sent' })
    attempt.abort(new Problem('publish-timeout', 'Not done within 500 ms.'))
    short.abort(new Problem('deadline-exceeded', 'The deadline passed.'))
    await refused
    it.node.state.leader = 1
    deepEqual(await first, { partition: 0, offset: 5n })
  })

  test('what has a number is in doubt once its call is over, too', async () => {
    await using it = await idempotent()
    answering(it, codes.notLeaderOrFollower)
    const [attempt, call] = [new AbortController(), new AbortController()]
    const record1 = record({ signal: attempt.signal, patience: call.signal })
    const given = rejects(it.producer.publish(record1), { code: 'publish-timeout', outcome: 'in-doubt' })
    await until('it was refused once', () => it.sent() > 0)
    attempt.abort(new Problem('publish-timeout', 'Not done within 1000 ms.'))
    call.abort(new Problem('deadline-exceeded', 'The deadline passed.'))
    await given
  })

  test('numbers that the broker does not expect are begun anew, for what is certainly not in the log', async () => {
    await using it = await idempotent()
    answering(it, 0, codes.outOfOrderSequenceNumber, 0)
    await it.producer.publish(record())
    await it.producer.publish(record())
    deepEqual(it.numbers(), [
      [0, 0, 1],
      [0, 1, 1],
      [1, 0, 1],
    ])
  })

  test('a batch that may be in the log already is never given other numbers', async () => {
    await using it = await idempotent()
    answering(it, codes.requestTimedOut, codes.outOfOrderSequenceNumber, 0)
    await rejects(it.producer.publish(record()), { outcome: 'in-doubt' })
    await it.producer.publish(record())
    deepEqual(it.numbers().at(-1), [1, 0, 1])
  })

  test('without acknowledgements of all it goes without a number', async () => {
    await using it = await idempotent()
    answering(it, 0)
    await it.producer.publish(record({ acks: 'leader' }))
    deepEqual(it.numbers(), [[-1, -1, 1]])
  })

  test('a leader that has moved before one replica had it: it goes again, as it is certainly not in the log', async () => {
    await using it = await idempotent()
    answering(it, codes.notLeaderOrFollower, 0)
    deepEqual(await it.producer.publish(record({ acks: 'leader' })), { partition: 0, offset: 5n })
  })

  test('forbidden to have a producer id, it goes without, and a lost connection leaves in doubt', async () => {
    await using it = await producing({ ids: codes.clusterAuthorizationFailed })
    answering({ node: it.node }, 0, 'hang-up')
    await it.producer.publish(record())
    await rejects(it.producer.publish(record()), { outcome: 'in-doubt' })
  })
})

suite('held back by the brokers', () => {
  test('what waits is not sent when its time is over, and names the quota; what comes is refused with the time of the broker', async () => {
    await using it = await producing()
    it.node.on('produce', () => produced([{ partition: 0, code: 0 }], 30_000))
    await it.producer.publish(record())
    await rejects(it.producer.publish(record()), ({ code, outcome, retryAfterMs }: Problem) => {
      deepEqual([code, outcome], ['broker-quota', 'not-sent'])
      return retryAfterMs! > 29_000 && retryAfterMs! <= 30_000
    })
    equal(it.sent(), 1)
    equal(it.cluster.state, 'ready', 'a muted connection is no dead broker')
  })

  test('a short time is waited out', async () => {
    await using it = await producing()
    it.node.on('produce', () => produced([{ partition: 0, code: 0 }], 60))
    await it.producer.publish(record())
    const begun = performance.now()
    await it.producer.publish(record())
    equal(performance.now() - begun >= 50, true)
  })
})
