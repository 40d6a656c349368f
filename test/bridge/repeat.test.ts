import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import fc from 'fast-check'
import { Correlator } from '../../src/bridge/correlate.ts'
import { repeatedRequest } from '../../src/bridge/repeat.ts'
import type { Repeats } from '../../src/bridge/repeat.ts'
import { settleReplies } from '../../src/bridge/request.ts'
import type { Acknowledged, Outgoing } from '../../src/bridge/broker.ts'
import type { Call, Reply } from '../../src/call.ts'
import { after, alarms, later, now, until } from '../../src/clock.ts'
import { Problem, outcomes } from '../../src/problem.ts'
import type { Outcome } from '../../src/problem.ts'
import { heard } from '../resilience/heard.ts'
import { aCall } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, header, pairs } from '../help/record.ts'

const options = {
  dialect: 'sluice',
  route: 'read-order',
  template: '/orders',
  instance: 'a',
  reply: { topic: 'gateway.replies', partition: 3 },
  maxReplyBytes: 1_000,
} as const

type Told = Readonly<{ silenceMs?: number; waitMs?: number; allows?: boolean }>

/** Repeats a 503 twice after `waitMs`, or what the worker asks for, and silence as told. */
const told = ({ silenceMs, waitMs = 50, allows = true }: Told) => {
  const samples: number[] = []
  const repeats: Repeats = {
    begin: () => {},
    silenceMs: () => silenceMs ?? null,
    silent: ({ signal, deadline }) => allows && !signal.aborted && until(deadline) > 0,
    invites: status => status === 503,
    waitMs: ({ signal, deadline }, _status, retries, askedMs) =>
      retries < 2 && !signal.aborted && askedMs + waitMs < until(deadline) ? askedMs + waitMs : null,
    replied: ms => samples.push(ms),
  }
  return { repeats, samples }
}

/** A broker under the test's control; what is sent again goes to the partition 7. */
function held(how: Told = {}) {
  const replies = new Correlator({ instance: 'a' })
  const taken: { record: Outgoing; acknowledge: () => void; fail: (problem: Problem) => void; again: boolean }[] = []
  const take =
    (again: boolean) =>
    (record: Outgoing): Promise<Acknowledged> => {
      const { promise, resolve, reject } = Promise.withResolvers<Acknowledged>()
      taken.push({ record, again, acknowledge: () => resolve({ partition: 0, offset: 0n }), fail: reject })
      return promise
    }
  const settle = settleReplies(replies)
  const answer = (i: number, status: number, headers: Readonly<Record<string, string>> = {}): void => {
    const id = header(taken[i]!.record.headers, 'sluice-correlation-id')!
    settle(aRecord({ headers: pairs({ 'sluice-correlation-id': id, 'sluice-status': String(status), ...headers }) }))
  }
  const { repeats, samples } = told(how)
  const parts = { publish: take(false), again: take(true), replies, repeats }
  const request = repeatedRequest({ ...parts, partitionFor: () => 7 }, options)
  return { replies, taken, answer, samples, request, parts }
}
const number = (record: Outgoing): string => header(record.headers, 'sluice-attempt')!

test('what is answered in time is sent once, and leaves nothing behind', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, samples, request } = held({ silenceMs: 100 })
  const call = aCall()
  const reply = request(call)
  taken[0]!.acknowledge()
  await clock.advance(99)
  answer(0, 201)
  equal((await reply).status, 201)
  await clock.advance(1_000)
  deepEqual([taken.length, replies.size, alarms()], [1, 0, 0])
  deepEqual([call.progress.outcome, call.progress.sendings, call.progress.workerMs], ['sent', 1, 99])
  deepEqual(samples, [99])
})

test('what is silent is sent once more: the same command and the same correlation id, to another partition', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, request } = held({ silenceMs: 100 })
  const call = aCall({ partition: 2 })
  const reply = request(call)
  taken[0]!.acknowledge()
  await clock.advance(100)
  deepEqual(
    taken.map(({ record, again }) => [record.partition, number(record), again]),
    [
      [2, '1', false],
      [7, '2', true],
    ],
  )
  const [first, second] = taken.map(({ record }) => record.headers.filter(([name]) => name !== 'sluice-attempt'))
  deepEqual(second, first)
  taken[1]!.acknowledge()
  await clock.advance(4_000)
  equal(taken.length, 2, 'once more, and no more')
  answer(0, 200)
  equal((await reply).status, 200)
  deepEqual([call.progress.sendings, call.progress.workerMs, replies.size, alarms()], [2, 4_100, 0, 0])
})

test('the reply to either sending is the answer, the other is a duplicate', async t => {
  const clock = frozenClock(t)
  const heardReplies = heard(t, 'reply')
  const { taken, answer, request } = held({ silenceMs: 100 })
  const reply = request(aCall())
  taken[0]!.acknowledge()
  await clock.advance(100)
  answer(1, 201) // before it is acknowledged
  equal((await reply).status, 201)
  answer(0, 200)
  taken[1]!.acknowledge()
  await clock.advance(1)
  deepEqual(
    heardReplies.map(({ class: kind }) => kind),
    ['answered', 'duplicate'],
  )
  equal(alarms(), 0)
})

test('silence is counted from the acknowledgement, and what is not acknowledged is not sent again', async t => {
  const clock = frozenClock(t)
  const { taken, request } = held({ silenceMs: 100 })
  const call = aCall()
  const ended = rejects(request(call), { code: 'publish-timeout', outcome: 'in-doubt' })
  await clock.advance(1_000)
  equal(taken.length, 1)
  taken[0]!.fail(new Problem('publish-timeout', 'silent'))
  await ended
  equal(call.progress.outcome, 'in-doubt')
  equal(alarms(), 0)
})

test('a second sending that fails changes nothing: the first may still be answered, and the outcome is the strongest', async t => {
  const clock = frozenClock(t)
  const { taken, answer, request } = held({ silenceMs: 100 })
  const call = aCall()
  const reply = request(call)
  taken[0]!.acknowledge()
  await clock.advance(100)
  taken[1]!.fail(new Problem('broker-unavailable', 'away'))
  await clock.advance(10)
  equal(call.progress.outcome, 'sent')
  answer(0, 200)
  equal((await reply).status, 200)
})

test('when nothing is answered it is reply-timeout when the command expires', async t => {
  const clock = frozenClock(t)
  const { taken, request, replies } = held({ silenceMs: 100 })
  const ended = rejects(request(aCall({ expires: later(5_000) })), { code: 'reply-timeout', outcome: 'sent' })
  taken[0]!.acknowledge()
  await clock.advance(100)
  await clock.advance(4_899)
  equal(replies.size, 1)
  await clock.advance(1)
  await ended
  deepEqual([replies.size, alarms()], [0, 0])
})

test('a silence that would end after the deadline has no alarm', async t => {
  const clock = frozenClock(t)
  const { taken, request } = held({ silenceMs: 500 })
  request(aCall({ deadline: later(500), expires: later(5_000) })).catch(() => {})
  taken[0]!.acknowledge()
  await clock.advance(0)
  equal(alarms(), 1, 'that of the expiry')
  await clock.advance(5_000)
  equal(taken.length, 1)
})

test('a reply that invites to it is sent again after its wait, and the next one is the answer', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, samples, request } = held({ waitMs: 50 })
  const call = aCall()
  const reply = request(call)
  taken[0]!.acknowledge()
  await clock.advance(5)
  answer(0, 503)
  await clock.advance(49)
  equal(taken.length, 1)
  await clock.advance(1)
  equal(number(taken[1]!.record), '2')
  taken[1]!.acknowledge()
  await clock.advance(7)
  answer(1, 201)
  equal((await reply).status, 201)
  equal(call.progress.workerMs, 7, 'without our own wait')
  await clock.advance(0)
  deepEqual([replies.size, alarms(), samples.length], [0, 0, 0])
})

test('a reply that is repeated to the end is the answer', async t => {
  const clock = frozenClock(t)
  const { taken, answer, request } = held({ waitMs: 50 })
  const call = aCall()
  const reply = request(call)
  for (let i = 0; i < 3; i++) {
    taken[i]!.acknowledge()
    answer(i, 503)
    await clock.advance(50)
  }
  equal((await reply).status, 503)
  equal(call.progress.sendings, 3)
  equal(alarms(), 0)
})

test('a worker that says when is not asked before, and one that says no is not asked again', async t => {
  const clock = frozenClock(t)
  const { taken, answer, request } = held({ waitMs: 50 })
  const patient = request(aCall())
  answer(0, 503, { 'http-header-retry-after': '2' })
  await clock.advance(2_049)
  equal(taken.length, 1)
  await clock.advance(1)
  equal(taken.length, 2)
  answer(1, 503, { 'sluice-retry': 'no' })
  equal((await patient).status, 503)
  const late = request(aCall({ deadline: later(2_000) }))
  answer(2, 503, { 'http-header-retry-after': '2' })
  const { status, headers } = await late
  deepEqual([status, headers], [503, [['retry-after', '2']]])
  await clock.advance(5_000)
  equal(taken.length, 3)
})

test('who leaves during the wait is answered at once, and nothing more is sent', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, request } = held({ waitMs: 1_000 })
  const abort = new AbortController()
  const reply = request(aCall({ aborter: abort }))
  taken[0]!.acknowledge()
  answer(0, 503)
  await clock.advance(10)
  abort.abort(new Problem('client-gone', 'left'))
  equal((await reply).status, 503)
  await clock.advance(5_000)
  deepEqual([taken.length, replies.size, alarms()], [1, 0, 0])
})

test('who leaves after a sending waits for its reply without an audience, as for any other', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, request } = held({ silenceMs: 100 })
  const abort = new AbortController()
  const reply = request(aCall({ aborter: abort }))
  taken[0]!.acknowledge()
  await clock.advance(50)
  abort.abort(new Problem('client-gone', 'left'))
  await clock.advance(1_000)
  deepEqual([taken.length, replies.size], [1, 1])
  answer(0, 200)
  equal((await reply).status, 200)
})

test('of an earlier sending a good reply is the answer during the wait, and another refusal is passed over', async t => {
  const clock = frozenClock(t)
  const { taken, answer, request } = held({ silenceMs: 100, waitMs: 1_000 })
  const reply = request(aCall())
  taken[0]!.acknowledge()
  await clock.advance(100)
  answer(1, 503)
  answer(1, 503)
  await clock.advance(10)
  answer(0, 200)
  equal((await reply).status, 200)
  await clock.advance(5_000)
  equal(taken.length, 2)
  equal(alarms(), 0)
})

test('when what is sent again cannot be published, the reply that there was is the answer', async t => {
  const clock = frozenClock(t)
  const { taken, answer, request } = held({ waitMs: 50 })
  const reply = request(aCall())
  taken[0]!.acknowledge()
  answer(0, 503)
  await clock.advance(50)
  taken[1]!.fail(new Problem('circuit-open', 'open'))
  equal((await reply).status, 503)
})

test('a garbled reply is bad-reply, and a gateway that stops ends the wait', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, request } = held({ silenceMs: 100 })
  const garbled = rejects(request(aCall()), { code: 'bad-reply', outcome: 'sent' })
  answer(0, 99)
  await garbled
  const waits = rejects(request(aCall()), { code: 'reply-timeout' })
  taken[1]!.acknowledge()
  await clock.advance(0)
  replies.abandon()
  await waits
  await clock.advance(0)
  equal(alarms(), 0)
})

test('without a partition to be had it goes where the first went; a publish that throws leaves nobody waiting', async t => {
  const clock = frozenClock(t)
  const { taken, parts } = held({ silenceMs: 100 })
  const partitionFor = (): number => {
    throw new Problem('topic-missing', 'gone')
  }
  repeatedRequest({ ...parts, partitionFor }, options)(aCall({ partition: 4 })).catch(() => {})
  taken[0]!.acknowledge()
  await clock.advance(100)
  equal(taken[1]!.record.partition, 4)
  await clock.advance(5_000)
  const publish = (): never => {
    throw new Problem('buffer-full', 'full')
  }
  await rejects(repeatedRequest({ ...parts, partitionFor, publish }, options)(aCall()), { code: 'buffer-full' })
  equal(parts.replies.size, 0)
})

type Plan = Readonly<{ does: 'acknowledge' | 'fail' | 'lose'; afterMs: number; replyMs: number | null; status: number }>
const plan = fc.record({
  does: fc.constantFrom<Plan['does']>('acknowledge', 'acknowledge', 'fail', 'lose'),
  afterMs: fc.integer({ min: 0, max: 200 }),
  replyMs: fc.option(fc.integer({ min: 0, max: 900 })),
  status: fc.constantFrom(200, 503, 503, 500),
})
const story = fc.record({
  plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
  silenceMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  waitMs: fc.integer({ min: 0, max: 300 }),
  deadlineMs: fc.integer({ min: 10, max: 800 }),
  leaveMs: fc.option(fc.integer({ min: 0, max: 900 })),
})

test('however broker, worker and client behave: one answer, no sending after the end, at most four, never too weak an outcome', async t => {
  const clock = frozenClock(t)
  const stepMs = 5
  await fc.assert(
    fc.asyncProperty(story, async ({ plans, silenceMs, waitMs, deadlineMs, leaveMs }) => {
      const replies = new Correlator({ instance: 'a' })
      const settle = settleReplies(replies)
      const began: number[] = []
      let truth: Outcome = 'not-sent'
      const publish = (record: Outgoing): Promise<Acknowledged> => {
        const { does, afterMs, replyMs, status } = plans[Math.min(began.length, plans.length - 1)]!
        began.push(now())
        const { promise, resolve, reject } = Promise.withResolvers<Acknowledged>()
        after(afterMs, () => {
          if (does === 'fail') return reject(new Problem('broker-unavailable', 'away'))
          truth = does === 'acknowledge' || truth === 'sent' ? 'sent' : 'in-doubt'
          if (does === 'lose') return reject(new Problem('publish-timeout', 'silent'))
          resolve({ partition: 0, offset: 0n })
        })
        const id = header(record.headers, 'sluice-correlation-id')!
        if (replyMs !== null && does === 'acknowledge')
          after(replyMs, () =>
            settle(aRecord({ headers: pairs({ 'sluice-correlation-id': id, 'sluice-status': String(status) }) })),
          )
        return promise
      }
      const { repeats } = told({ waitMs, ...(silenceMs !== undefined && { silenceMs }) })
      const parts = { publish, again: publish, replies, repeats, partitionFor: () => 1 }
      const abort = new AbortController()
      const start = now()
      const call: Call = aCall({ aborter: abort, deadline: later(deadlineMs), expires: later(deadlineMs) })
      after(Math.min(deadlineMs, leaveMs ?? Infinity), () => abort.abort(new Problem('client-gone', 'left')))
      const ends: (Reply | Problem)[] = []
      repeatedRequest(
        parts,
        options,
      )(call).then(
        reply => ends.push(reply),
        (problem: Problem) => ends.push(problem),
      )
      for (let ms = 0; ms < 1_000; ms += stepMs) await clock.advance(stepMs)
      await clock.advance(1_000) // for the replies that come much too late
      await clock.advance(20)
      equal(ends.length, 1)
      ok(began.length <= 4, `${began.length} sendings`)
      equal(call.progress.sendings, began.length)
      const last = Math.min(deadlineMs, leaveMs ?? Infinity)
      for (const at of began) ok(at - start <= last + stepMs, `sent ${at - start - last} ms after the end`)
      ok(outcomes.indexOf(call.progress.outcome) >= outcomes.indexOf(truth), `${call.progress.outcome} < ${truth}`)
      deepEqual([replies.size, alarms()], [0, 0])
    }),
    { numRuns: 80 },
  )
})
