import { suite, test } from 'node:test'
import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { alarms, pause } from '../../src/clock.ts'
import { serve } from '../../src/worker/serve.ts'
import { Server } from '../../src/worker/server.ts'
import { frozenClock } from '../help/clock.ts'
import { aStation } from '../help/station.ts'

suite('A worker', { timeout: 20_000 }, () => {
  test('commits the finished prefix only, and only what the broker has the replies of', async t => {
    const clock = frozenClock(t)
    const { broker, send, serving } = await aStation()
    const finish = new Map<string, () => void>()
    await using _ = await serve(serving, command => new Promise(resolve => finish.set(command.text(), resolve)))
    for (const body of ['0', '1', '2', '3']) await send({ body })
    await clock.advance(0)
    finish.get('1')!()
    finish.get('2')!()
    await clock.advance(0)
    deepEqual(broker.done, [])
    finish.get('0')!()
    await clock.advance(0)
    deepEqual(broker.done, ['0/3'])
    broker.slow(200)
    finish.get('3')!()
    await clock.advance(199)
    deepEqual(broker.done, ['0/3'])
    await clock.advance(1)
    deepEqual(broker.done, ['0/3', '0/4'])
  })

  test('tries a reply again until the broker has it', async t => {
    const clock = frozenClock(t)
    const { broker, send, replies, serving } = await aStation()
    let finish = (): void => {}
    await using worker = await serve(serving, () => new Promise(resolve => (finish = resolve)))
    await send({ expires: Date.now() + 60_000 })
    await clock.advance(0)
    broker.outage()
    finish()
    await clock.advance(20_000)
    deepEqual([replies.length, broker.done], [0, []])
    broker.restore()
    await clock.advance(1_000)
    deepEqual([replies.length, broker.done], [1, ['0/1']])
    deepEqual([worker.counters.served, worker.counters.failed], [1, 0])
  })

  test('gives a reply up when its command has expired, and goes on', async t => {
    const clock = frozenClock(t)
    const { broker, send, replies, serving } = await aStation()
    let finish = (): void => {}
    await using worker = await serve(serving, () => new Promise(resolve => (finish = resolve)))
    await send({ expires: Date.now() + 5_000 })
    await clock.advance(0)
    broker.outage()
    finish()
    await clock.advance(5_990)
    equal(worker.counters.failed, 0)
    await clock.advance(10)
    equal(worker.counters.failed, 1)
    broker.restore()
    await clock.advance(1_000)
    deepEqual([replies.length, broker.done], [0, ['0/1']])
    equal(alarms(), 0)
  })

  test('sends a notice of expiry once and forgets it, though the broker is silent', async t => {
    const clock = frozenClock(t)
    const { broker, send, serving } = await aStation()
    await using worker = await serve(serving, () => {})
    await send({ expires: Date.now() - 10_000 })
    broker.slow(Infinity)
    await clock.advance(999)
    deepEqual(broker.done, [])
    await clock.advance(1)
    deepEqual(broker.done, ['0/1'])
    deepEqual([worker.counters.expired, worker.counters.failed], [1, 1])
  })

  test('closes when what runs has been answered, and leaves what has not begun to the next', async t => {
    const clock = frozenClock(t)
    const { broker, send, replies, serving } = await aStation()
    const begun: string[] = []
    const handler = async (command: { text(): string }): Promise<void> => {
      begun.push(command.text())
      await pause(1_000)
    }
    const worker = await serve({ ...serving, concurrency: 2 }, handler)
    for (const body of ['0', '1', '2', '3']) await send({ body })
    await clock.advance(500)
    let closed = false
    const closing = worker.close().then(() => (closed = true))
    equal(worker.close() === worker.close(), true)
    await send({ body: '4' })
    await clock.advance(499)
    deepEqual([closed, replies.length], [false, 0])
    await clock.advance(1)
    await closing
    deepEqual([begun, replies.length], [['0', '1'], 2])
    deepEqual(broker.done.at(-1), '0/2')
    await using _ = await serve(serving, handler)
    await clock.advance(0)
    deepEqual(begun, ['0', '1', '2', '3', '4'])
    await clock.advance(1_000)
    equal(alarms(), 0)
  })

  test('tells what still runs after the limit to stop; what then throws is nobody’s failure and comes again', async t => {
    const clock = frozenClock(t)
    const { broker, send, replies, serving } = await aStation()
    const worker = await serve({ ...serving, stopMs: 2_000 }, async (command, { signal }) => {
      if (command.text() === 'hangs') await new Promise(() => {})
      await pause(60_000, signal)
      if (command.text() === 'saves itself') return { body: 'half done' }
      throw signal.reason
    })
    for (const body of ['saves itself', 'gives up', 'hangs']) await send({ body, expires: Date.now() + 1e6 })
    await clock.advance(0)
    let closed = false
    const closing = worker.close().then(() => (closed = true))
    await clock.advance(1_999)
    equal(replies.length, 0)
    await clock.advance(1)
    deepEqual(
      replies.map(({ body }) => body),
      ['half done'],
    )
    equal(closed, false)
    await clock.advance(1_000)
    await closing
    deepEqual(broker.done, ['0/1'])
    equal(alarms(), 0)
    deepEqual(worker.counters, {
      served: 1,
      expired: 0,
      cancelled: 0,
      duplicates: 0,
      joined: 0,
      poison: 0,
      dead: 0,
      failed: 0,
    })
  })

  test('closes though a reply finds no broker: the command is not done, and comes again', async t => {
    const clock = frozenClock(t)
    const { broker, send, serving } = await aStation()
    const worker = await serve({ ...serving, stopMs: 500 }, () => pause(100))
    await send({ expires: Date.now() + 60_000 })
    await clock.advance(0)
    broker.outage()
    await clock.advance(110)
    let closed = false
    const closing = worker.close().then(() => (closed = true))
    await clock.advance(510)
    equal(closed, false)
    await clock.advance(1_010)
    await closing
    deepEqual([broker.done, worker.counters.served, worker.counters.failed, alarms()], [[], 1, 0, 0])
  })

  test('closes though the broker waits for it to take more', async t => {
    const clock = frozenClock(t)
    const { broker, send, serving } = await aStation(2)
    const worker = await serve({ ...serving, ahead: 1, stopMs: 500 }, () => new Promise(() => {}))
    for (const partition of [0, 0, 1]) await send({ partition })
    await clock.advance(0)
    equal(broker.handedOver, 2)
    const closing = worker.close()
    for (let i = 0; i < 4; i++) await clock.advance(500)
    await closing
    deepEqual([broker.done, alarms()], [[], 0])
  })

  test('takes no record that comes while it closes', async t => {
    const clock = frozenClock(t)
    const { broker, send, replies, serving } = await aStation()
    const worker = await serve(serving, () => pause(1_000))
    await send()
    await clock.advance(0)
    const closing = worker.close()
    await send()
    await clock.advance(0)
    equal(broker.handedOver, 2)
    await clock.advance(1_000)
    await closing
    deepEqual([broker.done, replies.length], [['0/1'], 1])
  })

  test('leaves what it has not begun to whoever takes its partition over', async () => {
    const { broker, send, replies, settle, serving } = await aStation(2)
    const begun: string[] = []
    const finish: (() => void)[] = []
    const worker = (name: string) =>
      serve({ ...serving, concurrency: 1 }, command => {
        begun.push(`${name} ${command.text()}`)
        return new Promise(resolve => finish.push(resolve))
      })
    await using _first = await worker('first')
    await send({ partition: 0, body: 'a' })
    for (const body of ['b', 'c']) await send({ partition: 1, body })
    await settle()
    deepEqual(begun, ['first a'])
    await using _second = await worker('second')
    await settle()
    deepEqual(begun, ['first a', 'second b'])
    for (let i = 0; i < 3; i++) {
      finish[i]!()
      await settle()
    }
    deepEqual(begun, ['first a', 'second b', 'second c'])
    equal(replies.length, 3)
    equal(broker.done.includes('1/2'), true)
  })

  test('goes on through an outage of the broker', async t => {
    const clock = frozenClock(t)
    const { broker, send, replies, serving } = await aStation()
    await using _ = await serve(serving, () => {})
    await send()
    await clock.advance(0)
    broker.outage()
    await clock.advance(60_000)
    broker.restore()
    await send()
    await clock.advance(0)
    equal(replies.length, 2)
  })

  test('is refused a topic that does not exist, and numbers that would stop it', async () => {
    const { broker, serving } = await aStation()
    await rejects(
      serve({ ...serving, topic: 'missing' }, () => {}),
      { code: 'topic-missing' },
    )
    throws(() => new Server({ ...serving, broker, concurrency: 0 }, () => {}), RangeError)
    throws(() => new Server({ ...serving, broker, ahead: NaN }, () => {}), RangeError)
  })

  test('is not stopped by a listener for errors that throws itself', async () => {
    const { send, replies, settle, serving } = await aStation()
    const onError = (): void => {
      throw new Error('no log today')
    }
    await using worker = await serve({ ...serving, onError }, () => {
      throw new Error('poison')
    })
    await send()
    await send()
    await settle()
    equal(replies.length, 2)
    equal(worker.counters.poison, 2)
  })
})
