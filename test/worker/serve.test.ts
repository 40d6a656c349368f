import { suite, test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { alarms, pause } from '../../src/clock.ts'
import { refuse } from '../../src/worker/answer.ts'
import type { Command } from '../../src/worker/command.ts'
import { serve } from '../../src/worker/serve.ts'
import type { CommandHandler } from '../../src/worker/options.ts'
import { frozenClock } from '../help/clock.ts'
import { header, pairs } from '../help/record.ts'
import { aStation, publish } from '../help/station.ts'

/** A handler under the test's control: each command waits until the test answers it. */
function held() {
  const begun: string[] = []
  const answers = new Map<string, (body: string) => void>()
  const handler: CommandHandler = command => {
    const name = command.text()
    begun.push(name)
    return new Promise(resolve => answers.set(name, body => resolve({ body })))
  }
  return { begun, handler, answer: (name: string) => answers.get(name)?.(`done ${name}`) }
}
const quiet = { onError: () => {} } as const

suite('A served command', { timeout: 20_000 }, () => {
  test('is answered to the topic, partition and correlation id that it names', async () => {
    const { send, replies, settle, serving } = await aStation()
    await using worker = await serve(serving, command => ({
      status: 201,
      headers: { Location: '/things/1' },
      body: { got: command.json() },
    }))
    await send({ correlation: 'secret', body: '{"a":1}' })
    await settle()
    equal(replies.length, 1)
    const { record } = replies[0]!
    deepEqual([record.topic, record.partition, replies[0]!.correlation], ['replies', 2, 'secret'])
    deepEqual([replies[0]!.status, replies[0]!.body], [201, '{"got":{"a":1}}'])
    equal(header(record.headers, 'content-type'), 'application/json')
    equal(header(record.headers, 'http-header-location'), '/things/1')
    equal(worker.counters.served, 1)
  })

  test('brings its trace to the handler and to the reply', async () => {
    const { send, replies, settle, serving } = await aStation()
    let seen: Command | null = null
    await using _ = await serve(serving, command => void (seen = command))
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' }
    await send({ headers: trace })
    await settle()
    deepEqual(seen!.trace, Object.entries(trace))
    equal(header(replies[0]!.record.headers, 'traceparent'), trace.traceparent)
    equal(header(replies[0]!.record.headers, 'tracestate'), trace.tracestate)
  })

  test('speaks the dialect of Spring, to any partition when none is named', async () => {
    const { broker, replies, settle, serving } = await aStation()
    await using _ = await serve({ ...serving, dialect: 'spring' }, () => ({ body: 'hello' }))
    const correlation = Uint8Array.from([0, 255, 128, 1])
    for (const partition of [{}, { kafka_replyPartition: Uint8Array.from([0, 0, 0, 1]) }])
      await publish(broker, {
        headers: pairs({ kafka_correlationId: correlation, kafka_replyTopic: 'replies', ...partition }),
      })
    await settle()
    equal(replies.length, 2)
    for (const { record } of replies)
      deepEqual([...record.headers.find(([name]) => name === 'kafka_correlationId')![1]], [...correlation])
    ok(replies.some(({ record }) => record.partition === 1))
  })

  test('waits for those before it that have its key, and for no others', async () => {
    const { send, replies, settle, serving } = await aStation(2)
    const { begun, handler, answer } = held()
    await using _ = await serve(serving, handler)
    for (const [body, key] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['n1', null],
      ['n2', null],
      ['b2', 'b'],
    ] as const)
      await send({ body, key })
    await settle()
    deepEqual(begun.toSorted(), ['a1', 'b1', 'n1', 'n2'])
    answer('b1')
    await settle()
    deepEqual(begun.slice(4), ['b2'])
    answer('a1')
    await settle()
    deepEqual(begun.slice(5), ['a2'])
    for (const name of ['a2', 'b2', 'n1', 'n2']) answer(name)
    await settle()
    equal(replies.length, 6)
  })

  test('waits for a slot when all are taken, and in the broker when too many wait', async () => {
    const { broker, send, settle, serving } = await aStation()
    const { begun, handler, answer } = held()
    await using worker = await serve({ ...serving, concurrency: 2, ahead: 4 }, handler)
    for (let i = 0; i < 10; i++) await send({ body: String(i) })
    await settle()
    equal(broker.handedOver, 4)
    deepEqual(begun, ['0', '1'])
    equal(worker.running, 2)
    for (let i = 0; i < 10; i++) {
      answer(String(i))
      await settle()
      equal(begun.length, Math.min(10, i + 3))
      equal(broker.handedOver, Math.min(10, i + 5))
    }
    equal(worker.counters.served, 10)
    equal(worker.running, 0)
  })

  test('does not run when it has expired by more than the clocks may differ: its sender gets a notice', async t => {
    const clock = frozenClock(t)
    const { send, replies, serving, broker } = await aStation()
    let runs = 0
    await using worker = await serve(serving, () => void runs++)
    await send({ correlation: 'late', expires: Date.now() - 1_001 })
    await send({ correlation: 'nearly', expires: Date.now() - 1_000 })
    await clock.advance(0)
    equal(runs, 1)
    const answered = Object.fromEntries(replies.map(({ correlation, status }) => [correlation, status]))
    deepEqual(answered, { late: 504, nearly: 204 })
    const notice = replies.find(({ correlation }) => correlation === 'late')?.body ?? ''
    match(notice, /until 1970-01-01T00:16:38.999Z by the clock of the gateway; here it is 1970-01-01T00:16:40.000Z/)
    const { expired, served } = worker.counters
    deepEqual({ expired, served }, { expired: 1, served: 1 })
    deepEqual(broker.done.at(-1), '0/2')
  })

  test('does not run when it has expired while it waited for its turn', async t => {
    const clock = frozenClock(t)
    const { send, replies, serving } = await aStation()
    const begun: string[] = []
    await using worker = await serve(serving, async command => {
      begun.push(command.text())
      await pause(3_000)
    })
    await send({ body: 'first', key: 'k' })
    await send({ body: 'second', key: 'k', correlation: 'second', expires: Date.now() + 1_500 })
    await clock.advance(3_000)
    deepEqual(begun, ['first'])
    equal(replies.find(({ correlation }) => correlation === 'second')?.status, 504)
    equal(worker.counters.expired, 1)
  })

  test('whose answer may pass is done anew when it comes again', async () => {
    const { send, replies, settle, serving } = await aStation()
    const statuses = [429, 503, 500, 409, 201]
    await using worker = await serve(serving, () => ({ status: statuses.shift() ?? 0 }))
    for (let i = 0; i < 5; i++) {
      await send({ id: 'same' })
      await settle()
    }
    deepEqual(
      replies.map(({ status }) => status),
      [429, 503, 500, 409, 409],
    )
    equal(worker.counters.duplicates, 1)
  })

  test('that comes again is answered again, to its new sender, and not done again', async () => {
    const { send, replies, settle, serving } = await aStation()
    let runs = 0
    await using worker = await serve(serving, () => ({ status: 201, body: `run ${++runs}` }))
    await send({ id: 'same', correlation: 'first' })
    await settle()
    await send({ id: 'same', correlation: 'second' })
    await settle()
    deepEqual(
      replies.map(({ correlation, status, body }) => [correlation, status, body]),
      [
        ['first', 201, 'run 1'],
        ['second', 201, 'run 1'],
      ],
    )
    const { served, duplicates } = worker.counters
    deepEqual({ served, duplicates }, { served: 1, duplicates: 1 })
  })

  test('that comes again while it runs or waits joins itself', async () => {
    const { send, replies, settle, serving } = await aStation()
    const { begun, handler, answer } = held()
    await using worker = await serve(serving, handler)
    await send({ body: 'before', key: 'k' })
    await send({ id: 'waits', body: 'waits', key: 'k' })
    await send({ id: 'runs', body: 'runs' })
    await settle()
    await send({ id: 'waits', body: 'waits', key: 'k' })
    await send({ id: 'runs', body: 'runs' })
    await settle()
    for (const name of ['before', 'runs']) answer(name)
    await settle()
    answer('waits')
    await settle()
    deepEqual(begun, ['before', 'runs', 'waits'])
    deepEqual(replies.map(({ body }) => body).toSorted(), [
      'done before',
      'done runs',
      'done runs',
      'done waits',
      'done waits',
    ])
    deepEqual(new Set(replies.map(({ correlation }) => correlation)).size, 5)
    const { served, joined } = worker.counters
    deepEqual({ served, joined }, { served: 3, joined: 2 })
  })

  test('without an identity is done as often as it comes', async () => {
    const { send, settle, serving } = await aStation()
    let runs = 0
    await using _ = await serve(serving, () => void runs++)
    await send({ id: null })
    await send({ id: null })
    await settle()
    equal(runs, 2)
  })

  test('may be refused: that is a reply like any other, and kept', async () => {
    const { send, replies, settle, serving } = await aStation()
    let runs = 0
    await using worker = await serve(serving, () => {
      runs++
      throw refuse(409, 'The order is closed.', { 'retry-after': '3' })
    })
    await send({ id: 'same' })
    await settle()
    await send({ id: 'same' })
    await settle()
    equal(runs, 1)
    const [first] = replies
    deepEqual(JSON.parse(first!.body), {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'The order is closed.',
    })
    equal(header(first!.record.headers, 'content-type'), 'application/problem+json')
    equal(header(first!.record.headers, 'http-header-retry-after'), '3')
    deepEqual(
      replies.map(({ status }) => status),
      [409, 409],
    )
    equal(worker.counters.poison, 0)
  })

  test('whose handler throws is answered 500 without a word of why, and passed; the next sending is tried anew', async () => {
    const { broker, send, replies, settle, serving } = await aStation()
    const told: [unknown, string | undefined][] = []
    const onError = (error: unknown, command: Command | null): void => void told.push([error, command?.text()])
    const failure = new Error('the password is hunter2')
    let runs = 0
    await using worker = await serve({ ...serving, onError }, () => {
      if (runs++ === 0) throw failure
    })
    await send({ id: 'same', body: 'x' })
    await settle()
    await send({ id: 'same', body: 'x' })
    await settle()
    deepEqual(
      replies.map(({ status }) => status),
      [500, 204],
    )
    equal(replies[0]!.body.includes('hunter2'), false)
    deepEqual(told, [[failure, 'x']])
    equal(worker.counters.poison, 1)
    equal(broker.done.at(-1), '0/2')
  })

  test('whose answer is no HTTP response is answered 500, and passed', async () => {
    const { send, replies, settle, serving } = await aStation()
    const answers = [{ status: 99 }, { headers: { a: 'b\r\nc: d' } }, { headers: { 'a b': 'c' } }, { body: 1n }]
    await using worker = await serve({ ...serving, ...quiet }, command => answers[Number(command.text())]!)
    for (let i = 0; i < answers.length; i++) await send({ body: String(i) })
    await settle()
    deepEqual(
      replies.map(({ status }) => status),
      [500, 500, 500, 500],
    )
    equal(worker.counters.poison, 4)
  })

  test('that names nobody to answer is counted and passed', async () => {
    const { broker, send, replies, settle, serving } = await aStation()
    const told: unknown[] = []
    const onError = (_: unknown, command: Command | null): void => void told.push(command)
    await using worker = await serve({ ...serving, onError }, () => {})
    await publish(broker, { value: Buffer.from([0xff, 0xfe]), headers: [['garbage', Buffer.from([0xff])]] })
    await send()
    await settle()
    equal(replies.length, 1)
    deepEqual(told, [null])
    equal(worker.counters.poison, 1)
    equal(broker.done.at(-1), '0/2')
  })

  test('with a reply too large for its topic is answered 500 instead', async () => {
    const { send, replies, settle, serving } = await aStation()
    await using _ = await serve(serving, () => ({ body: Buffer.alloc(20_000) }))
    await send()
    await settle()
    deepEqual(
      replies.map(({ status }) => status),
      [500],
    )
  })

  test('is aborted when it expires, and what it throws then is the notice of that', async t => {
    const clock = frozenClock(t)
    const { send, replies, serving } = await aStation()
    let context: { expires: number | null; signal: AbortSignal } | null = null
    await using worker = await serve(serving, async (_, given) => {
      context = given
      await pause(60_000, given.signal)
      given.signal.throwIfAborted()
    })
    const expires = Date.now() + 5_000
    await send({ expires })
    await clock.advance(4_999)
    deepEqual([context!.expires, context!.signal.aborted], [expires, false])
    await clock.advance(1)
    equal(context!.signal.aborted, true)
    deepEqual(
      replies.map(({ status }) => status),
      [504],
    )
    const { expired, poison } = worker.counters
    deepEqual({ expired, poison }, { expired: 1, poison: 0 })
    equal(alarms(), 0)
  })

  test('through any mixture: each is answered once, in order within its key, never more at once than allowed', async t => {
    const clock = frozenClock(t)
    const command = fc.record({
      key: fc.constantFrom('a', 'b', 'c', null),
      takes: fc.integer({ min: 0, max: 30 }),
      partition: fc.integer({ min: 0, max: 1 }),
      again: fc.boolean(),
      fails: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (commands, slots) => {
          const { broker, send, replies, serving } = await aStation(2)
          const begun: number[] = []
          let most = 0
          let running = 0
          const worker = await serve({ ...serving, ...quiet, concurrency: slots, ahead: 3 }, async command => {
            const i = Number(command.text())
            begun.push(i)
            most = Math.max(most, ++running)
            await pause(commands[i]!.takes)
            running--
            if (commands[i]!.fails) throw new Error('fails')
          })
          let sent = 0
          for (const [i, { key, partition, again }] of commands.entries())
            for (const _ of again ? [1, 2] : [1]) {
              // a key has one partition
              const where = key === null ? partition : key.charCodeAt(0) % 2
              await send({ id: `id-${i}`, body: String(i), key, partition: where, expires: Date.now() + 60_000 })
              sent++
            }
          for (let i = 0; i < 300 && replies.length < sent; i++) await clock.advance(10)
          equal(replies.length, sent)
          equal(new Set(replies.map(({ correlation }) => correlation)).size, sent)
          ok(most <= slots)
          for (const key of ['a', 'b', 'c']) {
            const order = begun.filter(i => commands[i]!.key === key)
            deepEqual(
              order,
              order.toSorted((a, b) => a - b),
            )
          }
          const { served, poison, joined, duplicates } = worker.counters
          equal(served + poison + joined + duplicates, sent)
          await worker.close()
          const ends = (await broker.admin.ends('commands')).map((end, partition) => `${partition}/${end}`)
          for (const end of ends) ok(end.endsWith('/0') || broker.done.includes(end), 'all of it is committed')
          equal(alarms(), 0)
        },
      ),
      { numRuns: 40 },
    )
  })
})
