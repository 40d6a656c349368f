import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { pipe } from '../../src/call.ts'
import type { Call, Reply } from '../../src/call.ts'
import { alarms, later, now, since } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'
import type { Outcome } from '../../src/problem.ts'
import { Bulkhead, bulkhead } from '../../src/resilience/bulkhead/bulkhead.ts'
import { deadline } from '../../src/resilience/deadline.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { heldService } from '../help/service.ts'
import { heard } from './heard.ts'
import { slotsOf } from './options.ts'

const enforce = deadline<Reply>('enforce')
const gone = new Problem('client-gone', 'left')
/** Never settles, whatever happens. */
const hung = (): Promise<Reply> => Promise.withResolvers<Reply>().promise
const progressed = (outcome: Outcome): Call['progress'] => ({ ...aCall().progress, outcome })

test('passes the answer on, and leaves no alarm and no listener', async t => {
  frozenClock(t)
  const aborter = new AbortController()
  const { signal } = aborter
  let listeners = 0
  t.mock.method(signal, 'addEventListener', () => listeners++)
  t.mock.method(signal, 'removeEventListener', () => listeners--)
  let inside = 0
  const service = enforce(async () => ((inside = listeners), anAnswer))
  equal(await service(aCall({ aborter })), anAnswer)
  deepEqual([inside, listeners, alarms()], [1, 0, 0])
})

test('what is not sent at the deadline is aborted, and says so', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const { service, taken } = heldService()
  const call = aCall({ deadline: later(500) })
  const ended = rejects(enforce(service)(call), {
    code: 'deadline-exceeded',
    outcome: 'not-sent',
    policy: 'deadline',
  })
  await clock.advance(499)
  equal(taken[0]!.call.signal.aborted, false)
  await clock.advance(1)
  await ended
  equal(taken[0]!.call.signal.aborted, true)
  equal(call.signal.aborted, true)
  deepEqual(
    refused.map(({ policy, problem: { code } }) => [policy, code]),
    [['deadline', 'deadline-exceeded']],
  )
  equal(alarms(), 0)
})

test('what is sent answers the client at the deadline and keeps its slot until the reply', async t => {
  const clock = frozenClock(t)
  const answer = Promise.withResolvers<Reply>()
  const slots = new Bulkhead('orders', slotsOf({ slots: 1, queue: 0 }))
  const service = pipe([enforce, bulkhead<Reply>(slots)], async (call: Call) => {
    call.progress.outcome = 'sent'
    return await answer.promise
  })
  const ended = rejects(service(aCall({ deadline: later(500), expires: later(60_000) })), {
    code: 'reply-timeout',
    outcome: 'sent',
  })
  await clock.advance(500)
  await ended
  await rejects(service(aCall()), { code: 'bulkhead-full' })
  answer.resolve(anAnswer)
  await clock.advance(1)
  equal(await service(aCall()), anAnswer)
})

test('what was handed over says itself what became of it', async t => {
  const clock = frozenClock(t)
  const word = new Problem('publish-timeout', 'Handed over.', { outcome: 'in-doubt' })
  const service = enforce(({ signal }) => {
    const { promise, reject } = Promise.withResolvers<Reply>()
    signal.addEventListener('abort', () => reject(word))
    return promise
  })
  const ended = rejects(service(aCall({ deadline: later(500) })), word)
  await clock.advance(500)
  await ended
})

test('what says nothing when it is aborted is in doubt 20 ms later', async t => {
  const clock = frozenClock(t)
  let code = ''
  const began = now()
  let endedAfter = 0
  enforce(hung)(aCall({ deadline: later(500) })).catch((problem: Problem) => {
    code = `${problem.code} ${problem.outcome}`
    endedAfter = since(began)
  })
  await clock.advance(500)
  equal(code, '')
  await clock.advance(20)
  equal(code, 'publish-timeout in-doubt')
  equal(endedAfter, 520)
  equal(alarms(), 0)
})

test('what is acknowledged just after the deadline was sent', async t => {
  const clock = frozenClock(t)
  const call = aCall({ deadline: later(500) })
  const ended = rejects(enforce(hung)(call), { code: 'reply-timeout', outcome: 'sent' })
  await clock.advance(510)
  call.progress.outcome = 'sent'
  await clock.advance(20)
  await ended
})

test('the outcome is never weaker than that of one of the sendings', async t => {
  frozenClock(t)
  const weak = enforce(() => Promise.reject(new Problem('internal', 'A defect.', { outcome: 'not-sent' })))
  await rejects(weak(aCall({ progress: progressed('sent') })), { code: 'internal', outcome: 'sent' })
  const strong = enforce(() => Promise.reject(new Problem('bad-reply', 'Garbled.')))
  await rejects(strong(aCall({ progress: progressed('in-doubt') })), { code: 'bad-reply', outcome: 'sent' })
  const cut = enforce(() => Promise.reject(new Problem('deadline-exceeded', '.', { outcome: 'in-doubt' })))
  await rejects(cut(aCall()), { code: 'publish-timeout', outcome: 'in-doubt' }) // the title says that nothing was sent
})

test('a client that leaves before anything is sent ends the call', async t => {
  const clock = frozenClock(t)
  const { service, taken } = heldService()
  const abort = new AbortController()
  const ended = rejects(enforce(service)(aCall({ aborter: abort })), gone)
  abort.abort(gone)
  await ended
  equal(taken[0]!.call.signal.reason, gone)
  await clock.advance(60_000)
  equal(alarms(), 0)
})

test('a client that leaves afterwards is let go, while the call goes on without an audience', async t => {
  const clock = frozenClock(t)
  const abort = new AbortController()
  const answer = Promise.withResolvers<Reply>()
  let settled = false
  const call = aCall({ aborter: abort, progress: progressed('sent') })
  const ended = rejects(enforce(() => answer.promise.finally(() => (settled = true)))(call), {
    code: 'client-gone',
    outcome: 'sent',
  })
  abort.abort(gone)
  await ended
  equal(settled, false)
  answer.reject(new Problem('reply-timeout', 'Nobody hears this, and nothing crashes.'))
  await clock.advance(1)
  equal(settled, true)
})

test('a call that comes too late, or whose client has left, is not begun', async t => {
  const clock = frozenClock(t)
  const { service, taken } = heldService()
  const aborted = new AbortController()
  aborted.abort(gone)
  await rejects(enforce(service)(aCall({ aborter: aborted })), {
    code: 'client-gone',
    outcome: 'not-sent',
  })
  const call = aCall({ deadline: later(10) })
  await clock.advance(10)
  await rejects(enforce(service)(call), { code: 'deadline-exceeded', outcome: 'not-sent' })
  equal(taken.length, 0)
})

test('a service that throws instead of rejecting leaves no alarm behind', async t => {
  frozenClock(t)
  const service = enforce(() => {
    throw new TypeError('a defect')
  })
  await rejects(service(aCall()), { code: 'internal' })
  equal(alarms(), 0)
})

test('observed, it counts what comes late and lets it come', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const { service, taken } = heldService()
  const answer = deadline<Reply>('observe')(service)(aCall({ deadline: later(500) }))
  await clock.advance(600)
  deepEqual(
    refused.map(({ problem: { code }, observed }) => [code, observed]),
    [['deadline-exceeded', true]],
  )
  taken[0]!.reply(anAnswer)
  equal(await answer, anAnswer)
  await deadline<Reply>('observe')(async () => anAnswer)(aCall())
  equal(alarms(), 0)
})

test('what is known to keep replies of that worker away is said to whoever waited in vain', async t => {
  const clock = frozenClock(t)
  const causes = (worker: string): readonly string[] => [`The clock of ${worker} is wrong.`, 'Look at it.']
  const silent = pipe([deadline<Reply>('enforce', causes)], (call: Call) => {
    call.progress.outcome = 'sent'
    return new Promise<Reply>(() => {})
  })
  const ended = rejects(silent(aCall({ deadline: later(500), worker: 'orders' })), {
    message: 'orders did not answer in time. The clock of orders is wrong. Look at it.',
  })
  await clock.advance(500)
  await ended
})
