import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Waiter } from '../../../src/bridge/correlate.ts'
import { Matching } from '../../../src/bridge/domain/matching.ts'
import type { MatchingOptions, Outcomes } from '../../../src/bridge/domain/matching.ts'
import { seeing } from '../../../src/bridge/domain/seen.ts'
import type { CommandId } from '../../../src/call.ts'
import { now } from '../../../src/clock.ts'
import { events } from '../../../src/events.ts'
import type { Problem } from '../../../src/problem.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { aRecord, bytes, header, pairs } from '../../help/record.ts'

class Waits extends Waiter {
  override readonly call = aCall({ worker: 'orders' })
  status: string | null = null
  problem: Problem | null = null

  override take(record: ReturnType<typeof aRecord>): void {
    this.status = header(record.headers.toReversed(), 'sluice-status') ?? null
  }

  override abandon(problem: Problem): void {
    this.problem = problem
  }

  override ring(): void {}
}

const outcomesOf = (outcomes: Readonly<Record<string, string>>): Outcomes =>
  new Map(Object.entries(outcomes).map(([type, status]) => [type, ['sluice-status', bytes(status)] as const]))

function matching(t: TestContext, over: Partial<MatchingOptions> = {}) {
  const told: string[] = []
  const listen = (happened: { class: string }): void => void told.push(happened.class)
  events.domainEvent.subscribe(listen)
  t.after(() => events.domainEvent.unsubscribe(listen))
  const see = seeing({ match: 'key', format: 'plain', type: undefined })
  const all = new Matching({ topic: 'orders.events', equals: 'key', windowMs: 0, see, ...over })
  const placing = all.repliesOf(outcomesOf({ OrderPlaced: '201', OrderRejected: '409' }))
  const cancelling = all.repliesOf(outcomesOf({ OrderCancelled: '200', OrderRejected: '404' }))
  const wait = (replies: typeof placing, key: string | null, command = 'c-1'): Waits => {
    const waiter = new Waits()
    replies.expect(waiter, aCall({ key: key === null ? null : bytes(key), command: command as CommandId }))
    return waiter
  }
  const sent = (replies: typeof placing, waiter: Waits): void => {
    waiter.sentAt = now()
    replies.sent?.(waiter)
  }
  const happen = (key: string | null, type: string, id?: string): void =>
    all.take(
      aRecord({
        topic: 'orders.events',
        key: key === null ? null : bytes(key),
        headers: pairs({ ce_type: type, ...(id !== undefined && { ce_id: id }) }),
      }),
    )
  return { all, placing, cancelling, wait, sent, happen, told }
}

test('an event answers the call of its key with the status of its type, and no other', t => {
  const { placing, wait, happen, told } = matching(t)
  const [first, second] = [wait(placing, 'o-1'), wait(placing, 'o-2')]
  happen('o-2', 'OrderRejected')
  deepEqual([first.status, second.status], [null, '409'])
  happen('o-1', 'OrderPlaced')
  deepEqual([first.status, second.status], ['201', '409'])
  deepEqual(told, ['answered', 'answered'])
})

test('of several calls with one key each event answers the one that waits longest', t => {
  const { placing, wait, happen, told } = matching(t)
  const [first, second] = [wait(placing, 'o-1'), wait(placing, 'o-1')]
  happen('o-1', 'OrderPlaced')
  deepEqual([first.status, second.status], ['201', null])
  happen('o-1', 'OrderRejected')
  deepEqual([first.status, second.status], ['201', '409'])
  happen('o-1', 'OrderRejected')
  deepEqual(told, ['answered', 'answered', 'nobody'])
})

test('an event passes those who wait with its key for other types', t => {
  const { placing, cancelling, wait, happen } = matching(t)
  const [place, cancel] = [wait(placing, 'o-1'), wait(cancelling, 'o-1')]
  happen('o-1', 'OrderCancelled')
  deepEqual([place.status, cancel.status], [null, '200'])
  happen('o-1', 'OrderRejected')
  equal(place.status, '409')
})

test('whoever has left is not answered, and leaves its place in the line to the next', t => {
  const { placing, wait, happen, told } = matching(t)
  const [first, second, third] = [wait(placing, 'o-1'), wait(placing, 'o-1'), wait(placing, 'o-1')]
  placing.forget(first)
  placing.forget(first)
  happen('o-1', 'OrderPlaced')
  deepEqual([first.status, second.status, third.status], [null, '201', null])
  placing.forget(third)
  happen('o-1', 'OrderPlaced')
  deepEqual(told, ['answered', 'nobody'])
})

test('an event that is told twice answers once, though another waits with its key', t => {
  const { placing, wait, happen, told } = matching(t)
  const [first, second] = [wait(placing, 'o-1'), wait(placing, 'o-1')]
  happen('o-1', 'OrderPlaced', 'e-1')
  happen('o-1', 'OrderPlaced', 'e-1')
  deepEqual([first.status, second.status], ['201', null])
  happen('o-1', 'OrderPlaced', 'e-2')
  equal(second.status, '201')
  deepEqual(told, ['answered', 'duplicate', 'answered'])
})

test('events for nobody, of other types and without what names their command are told apart', t => {
  const { happen, told } = matching(t)
  happen('o-1', 'OrderPlaced')
  happen('o-1', 'OrderShipped')
  happen(null, 'OrderPlaced')
  deepEqual(told, ['nobody', 'ignored', 'unmatched'])
})

test('without a window an event that came before its command is gone', t => {
  const { placing, wait, sent, happen } = matching(t)
  happen('o-1', 'OrderPlaced')
  const waiter = wait(placing, 'o-1')
  sent(placing, waiter)
  equal(waiter.status, null)
})

test('an event that came before its command answers it once the broker has it, within the window', async t => {
  const clock = frozenClock(t)
  const { placing, cancelling, wait, sent, happen, told } = matching(t, { windowMs: 1_000 })
  happen('o-1', 'OrderPlaced')
  await clock.advance(999)
  const other = wait(cancelling, 'o-1')
  sent(cancelling, other)
  const waiter = wait(placing, 'o-1')
  deepEqual([other.status, waiter.status], [null, null])
  sent(placing, waiter)
  equal(waiter.status, '201')
  const next = wait(placing, 'o-1')
  sent(placing, next)
  equal(next.status, null)
  deepEqual(told, ['nobody', 'early'])

  happen('o-2', 'OrderPlaced')
  await clock.advance(1_000)
  const late = wait(placing, 'o-2')
  sent(placing, late)
  equal(late.status, null)
})

test('of events that are kept the oldest go first, so that memory is bounded', async t => {
  const clock = frozenClock(t)
  const { placing, wait, sent, happen } = matching(t, { windowMs: 60_000 })
  for (let i = 0; i <= 10_000; i++) happen(`o-${i}`, 'OrderPlaced')
  const [oldest, newest] = [wait(placing, 'o-0'), wait(placing, 'o-1')]
  sent(placing, oldest)
  sent(placing, newest)
  deepEqual([oldest.status, newest.status], [null, '201'])
  await clock.advance(0)
})

test('where services hand on the id of a command, that is what an event is known by', t => {
  const see = seeing({ match: 'header.causationid', format: 'plain', type: undefined })
  const { all, placing, wait } = matching(t, { equals: 'id', see })
  const [first, second] = [wait(placing, 'o-1', 'c-1'), wait(placing, 'o-1', 'c-2')]
  all.take(aRecord({ key: bytes('o-1'), headers: pairs({ ce_type: 'OrderPlaced', causationid: 'c-2' }) }))
  deepEqual([first.status, second.status], [null, '201'])
})

test('a call without a key cannot be known by it', t => {
  const { placing, wait } = matching(t)
  throws(() => wait(placing, null), { code: 'invalid-request', outcome: 'not-sent' })
})

test('who waits when the gateway stops is told', t => {
  const { all, placing, wait } = matching(t)
  const waiters = [wait(placing, 'o-1'), wait(placing, 'o-1'), wait(placing, 'o-2')]
  all.abandon({ code: 'reply-timeout' } as Problem)
  deepEqual(
    waiters.map(({ problem }) => problem?.code),
    ['reply-timeout', 'reply-timeout', 'reply-timeout'],
  )
})
