import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { alarms } from '../../src/clock.ts'
import { readCommand } from '../../src/bridge/wire/index.ts'
import type { Origin } from '../../src/bridge/wire/index.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { Problem } from '../../src/problem.ts'
import type { ProblemCode } from '../../src/problem.ts'
import { Sender } from '../../src/worker/sender.ts'
import type { Sent } from '../../src/worker/sender.ts'
import { anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, pairs } from '../help/record.ts'

const record = aRecord({ headers: pairs({ 'sluice-correlation-id': 'c', 'sluice-reply-to': 'replies' }) })
const known = readCommand('sluice', record)!

function aSender(t: TestContext, refusals: readonly ProblemCode[] = []) {
  const clock = frozenClock(t)
  const broker = new MemoryBroker()
  const stop = new AbortController()
  let attempts = 0
  t.mock.method(broker, 'publish', async ({ partition }: { partition: number }) => {
    const code = refusals[Math.min(attempts++, refusals.length - 1)]
    if (code !== undefined) throw new Problem(code, 'refused')
    return { partition, offset: 0n }
  })
  const sender = new Sender({ broker, dialect: 'sluice', clockSkewMs: 1_000, replyMs: 30_000, stop: stop.signal })
  const send = (over: Partial<Origin> = {}) => {
    const outcome: { sent: Sent | null } = { sent: null }
    void sender
      .send({ ...known, replyPartition: 0, expires: Date.now() + 5_000, ...over }, anAnswer)
      .then(sent => (outcome.sent = sent))
    return outcome
  }
  return { clock, broker, stop, send, attempts: () => attempts }
}

test('a reply is tried again until it is acknowledged, whether it was sent before or in doubt', async t => {
  const refusals = ['broker-unavailable', 'publish-timeout', 'buffer-full', 'topic-missing'] as const
  const { clock, broker, send, attempts } = aSender(t, refusals)
  const outcome = send()
  for (let i = 0; i < 10; i++) await clock.advance(100)
  equal(outcome.sent, null)
  t.mock.method(broker, 'publish', async () => ({ partition: 0, offset: 0n }))
  await clock.advance(1_100)
  equal(outcome.sent, 'acknowledged')
  equal(attempts() > 3, true)
  equal(alarms(), 0)
})

test('it is given up when its command expires, or after the usual time when that does not say', async t => {
  const { clock, send } = aSender(t, ['broker-unavailable'])
  const soon = send()
  const later = send({ expires: null })
  await clock.advance(5_900)
  equal(soon.sent, null)
  await clock.advance(110)
  equal(soon.sent, 'given-up')
  await clock.advance(23_900)
  equal(later.sent, null)
  await clock.advance(110)
  equal(later.sent, 'given-up')
  equal(alarms(), 0)
})

test('what will not pass is given up at once: a forbidden topic, a reply too large even when it only says so', async t => {
  for (const [code, tries] of [
    ['topic-forbidden', 1],
    ['too-large', 2],
  ] as const)
    await t.test(code, async t => {
      const { clock, send, attempts } = aSender(t, [code])
      const outcome = send()
      await clock.advance(0)
      deepEqual([outcome.sent, attempts()], ['given-up', tries])
    })
})

test('what has expired is tried once', async t => {
  const { clock, send, attempts } = aSender(t, ['broker-unavailable'])
  const outcome = send({ expires: Date.now() - 5_000 })
  await clock.advance(0)
  deepEqual([outcome.sent, attempts()], ['given-up', 1])
})

test('stopped it tries no more, and says so: the command comes again', async t => {
  const { clock, stop, send } = aSender(t, ['broker-unavailable'])
  const outcome = send()
  await clock.advance(500)
  stop.abort()
  await clock.advance(0)
  equal(outcome.sent, 'stopped')
  equal(alarms(), 0)
  await clock.advance(10_000)
})

test('where no partition is named any will do, once the topic is there', async t => {
  const { clock, broker, send } = aSender(t)
  const partitions = new Set<number>()
  t.mock.method(broker, 'publish', async ({ partition }: { partition: number }) => {
    partitions.add(partition)
    return { partition, offset: 0n }
  })
  const waits = send({ replyPartition: null })
  await clock.advance(1_000)
  equal(waits.sent, null)
  await broker.admin.create([{ name: 'replies', partitions: 3, replication: 1, config: {} }])
  await clock.advance(1_000)
  equal(waits.sent, 'acknowledged')
  for (let i = 0; i < 100; i++) send({ replyPartition: null })
  await clock.advance(0)
  deepEqual(
    [...partitions].toSorted((a, b) => a - b),
    [0, 1, 2],
  )
})
