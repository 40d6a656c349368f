import { test } from 'node:test'
import { equal, rejects } from 'node:assert/strict'
import type { Reply } from '../../../src/call.ts'
import { alarms } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { attempt } from '../../../src/resilience/repetition/attempt.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'

test('aborts at its limit, and leaves the word to whoever was sending', async t => {
  const clock = frozenClock(t)
  const word = new Problem('publish-timeout', 'Handed over.', { outcome: 'in-doubt' })
  const seen: unknown[] = []
  const guarded = attempt<ReturnType<typeof aCall>, Reply>(1_000)(({ signal }) => {
    const { promise, reject } = Promise.withResolvers<Reply>()
    signal.addEventListener('abort', () => {
      seen.push(signal.reason)
      reject(word)
    })
    return promise
  })
  const ended = rejects(guarded(aCall()), word)
  await clock.advance(999)
  equal(seen.length, 0)
  await clock.advance(1)
  await ended
  equal((seen[0] as Problem).code, 'publish-timeout')
})

test('hands the abort of the call on, also one that came before', async t => {
  const clock = frozenClock(t)
  const { service } = heldService()
  const guarded = attempt<ReturnType<typeof aCall>, Reply>(1_000)(service)
  const gone = new Problem('client-gone', 'left')
  const abort = new AbortController()
  const ended = rejects(guarded(aCall({ signal: abort.signal })), gone)
  abort.abort(gone)
  await ended
  let aborted = false
  await attempt<ReturnType<typeof aCall>, Reply>(1_000)(async ({ signal }) => {
    aborted = signal.aborted
    return anAnswer
  })(aCall({ signal: abort.signal }))
  equal(aborted, true)
  await clock.advance(0)
  equal(alarms(), 0)
})

test('releases its alarm and its listener when the attempt ends', async t => {
  frozenClock(t)
  const { signal } = new AbortController()
  let listeners = 0
  t.mock.method(signal, 'addEventListener', () => listeners++)
  t.mock.method(signal, 'removeEventListener', () => listeners--)
  let inside = 0
  await attempt<ReturnType<typeof aCall>, Reply>(1_000)(async () => ((inside = listeners), anAnswer))(aCall({ signal }))
  equal(inside, 1)
  equal(listeners, 0)
  equal(alarms(), 0)
})
