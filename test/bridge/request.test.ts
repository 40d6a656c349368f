import { test } from 'node:test'
import { equal, match, rejects } from 'node:assert/strict'
import { Correlator } from '../../src/bridge/correlate.ts'
import { requestReply, settleReplies } from '../../src/bridge/request.ts'
import type { Acknowledged, Outgoing } from '../../src/bridge/broker.ts'
import { alarms, later } from '../../src/clock.ts'
import { events } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { aCall } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, bytes, header, pairs } from '../help/record.ts'

const options = {
  dialect: 'sluice',
  route: 'place-order',
  template: '/orders',
  instance: 'a',
  reply: { topic: 'gateway.replies', partition: 3 },
  maxReplyBytes: 1_000,
} as const

/** A broker under the test's control. */
function held() {
  const replies = new Correlator({ instance: 'a' })
  const taken: { record: Outgoing; acknowledge: () => void; fail: (problem: Problem) => void }[] = []
  const publish = (record: Outgoing): Promise<Acknowledged> => {
    const { promise, resolve, reject } = Promise.withResolvers<Acknowledged>()
    taken.push({ record, acknowledge: () => resolve({ partition: 0, offset: 0n }), fail: reject })
    return promise
  }
  const settle = settleReplies(replies)
  const answer = (i: number): void =>
    settle(
      aRecord({
        headers: pairs({
          'sluice-correlation-id': header(taken[i]!.record.headers, 'sluice-correlation-id')!,
          'sluice-status': '201',
        }),
      }),
    )
  return { replies, taken, answer, request: requestReply(publish, replies, options) }
}

test('a reply without an id is counted, and its usual cause is told', t => {
  const warnings: string[] = []
  const listen = ({ what }: { what: string }): void => void warnings.push(what)
  events.warning.subscribe(listen)
  t.after(() => events.warning.unsubscribe(listen))
  const replies = new Correlator({ instance: 'a' })
  settleReplies(replies, ['spring'])(aRecord({ headers: pairs({ 'sluice-status': '200' }) }))
  equal(warnings.length, 1)
  match(warnings[0]!, /without a correlation id.*splitIterables/)
})

test('a command is answered by the reply to it, and says how far it came', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, request } = held()
  const call = aCall()
  const reply = request(call)
  equal(call.progress.outcome, 'not-sent')
  await clock.advance(3)
  taken[0]!.acknowledge()
  await clock.advance(20)
  equal(call.progress.outcome, 'sent')
  answer(0)
  equal((await reply).status, 201)
  equal(call.progress.publishMs, 3)
  equal(call.progress.workerMs, 20)
  equal(replies.size, 0)
  equal(alarms(), 0)
})

test('a reply that overtakes the acknowledgement answers the call, and leaves no alarm when that comes', async t => {
  const clock = frozenClock(t)
  const { replies, taken, answer, request } = held()
  const reply = request(aCall())
  answer(0)
  equal((await reply).status, 201)
  taken[0]!.acknowledge()
  await clock.advance(1)
  equal(replies.size, 0)
  equal(alarms(), 0)
})

test('silence is reply-timeout, sent, when the command expires and not before', async t => {
  const clock = frozenClock(t)
  const { replies, taken, request } = held()
  const outcome = rejects(request(aCall({ expires: later(5_000) })), { code: 'reply-timeout', outcome: 'sent' })
  taken[0]!.acknowledge()
  await clock.advance(4_999)
  equal(replies.size, 1)
  await clock.advance(1)
  await outcome
  equal(replies.size, 0)
})

test('what publishing throws is thrown, and nobody waits any more', async t => {
  const clock = frozenClock(t)
  const { replies, taken, request } = held()
  const call = aCall()
  const outcome = rejects(request(call), { code: 'publish-timeout', outcome: 'in-doubt' })
  taken[0]!.fail(new Problem('publish-timeout', 'silent'))
  await outcome
  equal(call.progress.outcome, 'in-doubt')
  equal(replies.size, 0)
  await clock.advance(0)
  equal(alarms(), 0)
})

test('a publish that throws at once leaves nobody waiting', async () => {
  const replies = new Correlator({ instance: 'a' })
  const request = requestReply(
    () => {
      throw new Problem('buffer-full', 'full')
    },
    replies,
    options,
  )
  await rejects(request(aCall()), { code: 'buffer-full' })
  equal(replies.size, 0)
})

test('a garbled reply is bad-reply', async () => {
  const { replies, taken, request } = held()
  const outcome = rejects(request(aCall()), { code: 'bad-reply', outcome: 'sent' })
  settleReplies(replies)(
    aRecord({
      headers: pairs({
        'sluice-correlation-id': header(taken[0]!.record.headers, 'sluice-correlation-id')!,
        'sluice-status': '99',
      }),
    }),
  )
  await outcome
})

test('the record carries the call’s key and bytes, for the reply partition of this instance', async () => {
  const { taken, request } = held()
  request(aCall({ key: bytes('k'), body: bytes('{"a":1}'), partition: 5 })).catch(() => {})
  const { record } = taken[0]!
  equal(record.partition, 5)
  equal(String(record.key), 'k')
  equal(String(record.value), '{"a":1}')
  equal(record.acks, 'all')
  equal(header(record.headers, 'sluice-reply-partition'), '3')
})

test('a gateway that stops leaves no alarm of a call that waits for its reply', async t => {
  const clock = frozenClock(t)
  const { replies, taken, request } = held()
  const waits = request(aCall({ expires: later(86_400_000) }))
  taken[0]!.acknowledge()
  await clock.advance(0)
  equal(alarms(), 1)
  replies.abandon()
  await rejects(waits, { code: 'reply-timeout', outcome: 'sent' })
  equal(alarms(), 0)
})
