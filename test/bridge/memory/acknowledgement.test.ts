import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { acknowledgement, notWritten } from '../../../src/bridge/memory/acknowledgement.ts'
import { alarms } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import type { ProblemCode } from '../../../src/problem.ts'
import { frozenClock } from '../../help/clock.ts'

test('an acknowledgement comes in its time, or the wait ends in doubt, and neither leaves an alarm behind', async t => {
  const clock = frozenClock(t)
  const attempt = new AbortController()
  let came = false
  void acknowledgement(100, attempt.signal).then(() => (came = true))
  const doubt = { code: 'publish-timeout', outcome: 'in-doubt' }
  const lost = rejects(acknowledgement(1_000, attempt.signal), doubt)
  const never = rejects(acknowledgement(Infinity, attempt.signal), doubt)
  await clock.advance(100)
  equal(came, true)
  attempt.abort()
  await Promise.all([lost, never])
  equal(alarms(), 0)
})

test('a client that leaves does not end what is written', async t => {
  const clock = frozenClock(t)
  const client = new AbortController()
  let came = false
  void acknowledgement(100, client.signal).then(() => (came = true))
  client.abort(new Problem('client-gone', 'The client has gone.'))
  await clock.advance(100)
  equal(came, true)
})

test('what was given up before it was written is told in the words of who gave up, as not sent', () => {
  const told = (reason: unknown): readonly [ProblemCode, string] => {
    const { code, outcome } = notWritten(reason)
    return [code, outcome]
  }
  deepEqual(told(new Problem('deadline-exceeded', 'Too late.', { outcome: 'sent' })), ['deadline-exceeded', 'not-sent'])
  deepEqual(told(new Problem('publish-timeout', 'Not done.')), ['broker-unavailable', 'not-sent'])
  deepEqual(told(new Error('stop')), ['broker-unavailable', 'not-sent'])
})
