import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Correlator } from '../../src/bridge/correlate.ts'
import { injectable } from '../../src/bridge/faulty.ts'
import type { Far } from '../../src/bridge/faulty.ts'
import { requestReply, settleReplies } from '../../src/bridge/request.ts'
import type { Acknowledged, Outgoing } from '../../src/bridge/broker.ts'
import { after, alarms, later } from '../../src/clock.ts'
import type { FaultKind, Struck } from '../../src/fault.ts'
import { heard } from '../resilience/heard.ts'
import { aCall } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, header, pairs } from '../help/record.ts'

const options = {
  dialect: 'sluice',
  route: 'place-order',
  template: '/orders',
  instance: 'a',
  reply: { topic: 'gateway.replies', partition: 3 },
  maxReplyBytes: 1_000,
} as const

/** Strikes with these kinds, each as often as it stands there. */
const striking = (...kinds: FaultKind[]): Struck => ({
  strike: kind => {
    const at = kinds.indexOf(kind)
    if (at !== -1) kinds.splice(at, 1)
    return at === -1 ? null : { rule: 'a', kind, percent: 100, value: 300 }
  },
  hold: (ms, task) => void after(ms, task),
})

/** A core behind a broker that acknowledges at once; `answer` replies to the latest command. */
function aCore() {
  const replies = new Correlator({ instance: 'a' })
  const sent: Outgoing[] = []
  const publish = async (record: Outgoing): Promise<Acknowledged> => (sent.push(record), { partition: 0, offset: 0n })
  let built = 0
  const core = injectable({ publish, again: publish, replies }, (far: Far) => {
    built++
    return requestReply(far.publish, far.replies, options)
  })
  const answer = (): void => {
    const id = header(sent.at(-1)!.headers, 'sluice-correlation-id')!
    settleReplies(replies)(aRecord({ headers: pairs({ 'sluice-correlation-id': id, 'sluice-status': '201' }) }))
  }
  return { core, answer, sent, replies, built: () => built }
}

test('a call that nothing may befall goes the straight way, built once', async () => {
  const { core, answer, sent, built } = aCore()
  for (let i = 0; i < 3; i++) {
    const reply = core(aCall())
    answer()
    equal((await reply).status, 201)
  }
  deepEqual([built(), 'struck' in sent[0]!], [1, false])
})

test('what may befall a call goes with its record, for the policies around publishing', async () => {
  const { core, answer, sent } = aCore()
  const struck = striking()
  const reply = core(aCall({ struck }))
  answer()
  equal((await reply).status, 201)
  equal(sent[0]!.struck, struck)
})

test('a lost reply is silence until the command expires, and the next one is the answer', async t => {
  const clock = frozenClock(t)
  const { core, answer, replies } = aCore()
  const silent = rejects(core(aCall({ struck: striking('lost-reply'), expires: later(5_000) })), {
    code: 'reply-timeout',
    outcome: 'sent',
  })
  answer()
  await clock.advance(5_000)
  await silent
  const answered = core(aCall({ struck: striking('lost-reply') }))
  answer()
  answer()
  equal((await answered).status, 201)
  await clock.advance(0)
  deepEqual([replies.size, alarms()], [0, 0])
})

test('a reply that is held back is late for the worker’s time too', async t => {
  const clock = frozenClock(t)
  const { core, answer, replies } = aCore()
  const call = aCall({ struck: striking('delay') })
  let done = false
  const reply = core(call).finally(() => (done = true))
  await clock.advance(10)
  answer()
  await clock.advance(299)
  equal(done, false)
  await clock.advance(1)
  equal((await reply).status, 201)
  equal(call.progress.workerMs, 310)
  equal(replies.size, 0)
})

test('a gateway that stops does not wait for what is lost or held back', async t => {
  const clock = frozenClock(t)
  const { core, answer, replies } = aCore()
  const lost = rejects(core(aCall({ struck: striking('lost-reply') })), { code: 'reply-timeout' })
  answer()
  const held = rejects(core(aCall({ struck: striking('delay') })), { code: 'reply-timeout' })
  answer()
  await clock.advance(1)
  replies.abandon()
  await Promise.all([lost, held])
  await clock.advance(300) // the policy would have called it off
})

test('a twin of a reply is a duplicate, and has none itself', async t => {
  frozenClock(t)
  const told = heard(t, 'reply')
  const { core, answer } = aCore()
  const reply = core(aCall({ struck: striking('duplicate-reply', 'duplicate-reply') }))
  answer()
  equal((await reply).status, 201)
  deepEqual(
    told.map(({ class: kind }) => kind),
    ['answered', 'duplicate'],
  )
})

test('a garbled reply is none, held back or not', async t => {
  const clock = frozenClock(t)
  for (const kinds of [['garbled-reply'], ['garbled-reply', 'delay', 'duplicate-reply']] as const) {
    const { core, answer } = aCore()
    const ended = rejects(core(aCall({ struck: striking(...kinds) })), { code: 'bad-reply', outcome: 'sent' })
    answer()
    await clock.advance(300)
    await ended
  }
  equal(alarms(), 0)
})
