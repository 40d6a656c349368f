import { test } from 'node:test'
import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { Correlator, Waiter } from '../../src/bridge/correlate.ts'
import { now } from '../../src/clock.ts'
import { events } from '../../src/events.ts'
import type { Problem } from '../../src/problem.ts'
import type { Incoming } from '../../src/bridge/broker.ts'
import { aCall } from '../help/call.ts'
import { aRecord } from '../help/record.ts'

const nobody = (): never => {
  throw new Error('nobody waits')
}

class Waits extends Waiter {
  override readonly call = aCall({ worker: 'orders' })
  override readonly take: (record: Incoming) => void
  override readonly abandon: (problem: Problem) => void

  constructor(take: (record: Incoming) => void, abandon: (problem: Problem) => void) {
    super()
    this.take = take
    this.abandon = abandon
  }

  override ring(): void {}
}

/** Waits for a reply with functions in place of methods. */
function waits(
  replies: Correlator,
  take: (record: Incoming) => void,
  abandon = (_problem: Problem): void => {},
): Waiter {
  const waiter = new Waits(take, abandon)
  replies.expect(waiter)
  return waiter
}

test('a reply reaches the one who waits for it, and nobody else', () => {
  const replies = new Correlator({ instance: 'a' })
  const got: [string, Incoming][] = []
  const first = waits(replies, record => got.push(['first', record]))
  waits(replies, record => got.push(['second', record]))
  const reply = aRecord()
  equal(replies.settle(first.id, reply), 'answered')
  deepEqual(got, [['first', reply]])
  equal(replies.size, 1)
})

test('an id is the instance, the incarnation, the sequence and at least 122 random bits', () => {
  const replies = new Correlator({ instance: 'host-9090' })
  const [first, second] = [waits(replies, nobody).id, waits(replies, nobody).id]
  match(first, /^host-9090\.[a-z0-9]+\.0\.[0-9a-f]{32}$/)
  match(second, /^host-9090\.[a-z0-9]+\.1\.[0-9a-f]{32}$/)
  notEqual(first.split('.')[3], second.split('.')[3])
})

test('an id is letters, digits, hyphens and dots, whatever the instance is called, and no number to any parser', () => {
  const { id } = waits(new Correlator({ instance: '1e5_9-9090' }), nobody)
  match(id, /^1e5-9-9090\.[A-Za-z0-9]+\.0\.[0-9a-f]{32}$/)
  equal(Number.isNaN(Number(id)), true)
})

test('tells foreign, stale, duplicate, late, forged and unmarked replies apart, and drops them', () => {
  const replies = new Correlator({ instance: 'a' })
  const classes: string[] = []
  const listen = (message: { class: string }): void => void classes.push(message.class)
  events.reply.subscribe(listen)
  const answered = waits(replies, () => {})
  const expired = waits(replies, nobody)
  const waiting = waits(replies, nobody)
  const [instance, incarnation, , secret] = answered.id.split('.')
  replies.settle(answered.id, aRecord())
  replies.forget(expired)
  const told = (id: string | null): string => replies.settle(id, aRecord())
  equal(told(answered.id), 'duplicate')
  equal(told(expired.id), 'late')
  equal(told(`b.${incarnation}.0.${secret}`), 'foreign')
  equal(told(`${instance}.earlier.0.${secret}`), 'stale')
  equal(
    told(waiting.id.slice(0, -1) + (waiting.id.endsWith('a') ? 'b' : 'a')),
    'forged',
    'wrong bits for a call that waits',
  )
  equal(told(`${instance}.${incarnation}.1.${secret}`), 'forged', 'the bits of another call')
  equal(told(`${instance}.${incarnation}.77.${secret}`), 'forged', 'never issued')
  equal(told(null), 'unmarked')
  equal(replies.size, 1)
  events.reply.unsubscribe(listen)
  deepEqual(classes, ['answered', 'duplicate', 'late', 'foreign', 'stale', 'forged', 'forged', 'forged', 'unmarked'])
})

test('who waits again under the same id gets a later reply, and what comes after it is a duplicate', () => {
  const replies = new Correlator({ instance: 'a' })
  const got: Incoming[] = []
  const waiter: Waiter = waits(replies, record => {
    got.push(record)
    if (got.length === 1) replies.renew(waiter)
  })
  const [first, second] = [aRecord(), aRecord()]
  equal(replies.settle(waiter.id, first), 'answered')
  equal(replies.size, 1)
  equal(replies.settle(waiter.id, second), 'answered')
  equal(replies.settle(waiter.id, aRecord()), 'duplicate')
  deepEqual(got, [first, second])
  equal(replies.size, 0)
})

test('no id of an earlier life of the same instance is taken for one of this life', () => {
  const before = waits(new Correlator({ instance: 'a' }), nobody)
  const replies = new Correlator({ instance: 'a' })
  waits(replies, nobody)
  equal(replies.settle(before.id, aRecord()), 'stale')
})

test('the memory of the latest ids is bounded, and a call that waits longer is still answered', () => {
  const replies = new Correlator({ instance: 'a', memory: 256 })
  let answers = 0
  const patient = waits(replies, () => answers++)
  const ended = waits(replies, () => {})
  replies.settle(ended.id, aRecord())
  for (let i = 0; i < 1_000; i++) replies.forget(waits(replies, nobody))
  equal(replies.settle(ended.id, aRecord()), 'late', 'too old to be known as a duplicate')
  equal(replies.settle(patient.id, aRecord()), 'answered')
  equal(answers, 1)
  equal(replies.size, 0)
})

test('who stops ends every wait, and says how far each call came', () => {
  const replies = new Correlator({ instance: 'a' })
  const ended: string[] = []
  const expect = (): Waiter => waits(replies, nobody, ({ code, outcome }) => ended.push(`${code} ${outcome}`))
  expect().sentAt = now()
  expect()
  replies.forget(expect())
  replies.abandon()
  deepEqual(ended, ['reply-timeout sent', 'publish-timeout in-doubt'])
  equal(replies.size, 0)
})

test('whatever an id looks like, it settles nothing that was not asked for', () => {
  const replies = new Correlator({ instance: 'a' })
  const issued = waits(replies, nobody).id
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map(end => issued.slice(0, -5) + end),
        fc.string().map(end => `${issued}${end}x`),
      ),
      id => {
        notEqual(replies.settle(id, aRecord()), 'answered')
      },
    ),
  )
})
