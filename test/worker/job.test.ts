import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { alarms } from '../../src/clock.ts'
import { readCommand } from '../../src/bridge/wire/index.ts'
import { Command } from '../../src/worker/command.ts'
import { Job } from '../../src/worker/job.ts'
import type { Sending } from '../../src/worker/job.ts'
import { Part } from '../../src/bridge/consume/index.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, pairs } from '../help/record.ts'

const part = new Part({ topic: 't', partition: 0, signal: new AbortController().signal, done: () => {} }, 10)
const record = aRecord({ headers: pairs({ 'sluice-correlation-id': 'c', 'sluice-reply-to': 'replies' }) })
const origin = readCommand('sluice', record)!
const sending = (expires: number | null): Sending => ({
  origin: { ...origin, expires },
  part,
  ticket: part.begin(0n),
  record: null,
})
const job = (expires: number | null): Job => new Job(new Command(origin, record), sending(expires))

test('a job expires when the last of its sendings does', () => {
  const one = job(1_000)
  equal(one.expires, 1_000)
  one.join(sending(3_000))
  one.join(sending(2_000))
  equal(one.expires, 3_000)
  one.join(sending(null))
  equal(one.expires, null)
})

test('its signal aborts then, also for one that joined after it had begun', async t => {
  const clock = frozenClock(t)
  const one = job(Date.now() + 1_000)
  one.begin(500)
  await clock.advance(500)
  one.join(sending(Date.now() + 2_500))
  await clock.advance(2_000)
  equal(one.signal.aborted, false)
  await clock.advance(500)
  deepEqual([one.signal.aborted, one.ended], [true, 'expired'])
  equal(alarms(), 0)
})

test('begun past its time, as the clocks may differ, it has so much longer', async t => {
  const clock = frozenClock(t)
  const one = job(Date.now() - 200)
  one.begin(500)
  await clock.advance(290)
  equal(one.signal.aborted, false)
  await clock.advance(10)
  equal(one.ended, 'expired')
})

test('stopped or finished it leaves no alarm, and the first end is the reason', async t => {
  frozenClock(t)
  const stopped = job(Date.now() + 1_000)
  stopped.begin(0)
  stopped.stop()
  deepEqual([stopped.ended, stopped.signal.aborted], ['stopped', true])
  const finished = job(Date.now() + 1_000)
  finished.begin(0)
  finished.finish()
  deepEqual([finished.ended, finished.signal.aborted, alarms()], [null, false, 0])
})

test('sendings can be taken out of it', () => {
  const one = job(1)
  one.join(sending(2))
  one.join(sending(3))
  const dropped = one.drop(({ origin: { expires } }) => expires !== 2)
  deepEqual(
    [dropped, one.sendings].map(list => list.map(each => each.origin.expires)),
    [[1, 3], [2]],
  )
  deepEqual(
    one.drop(() => false),
    [],
  )
  equal(one.drop(() => true).length, 1)
  equal(one.sendings.length, 0)
})
