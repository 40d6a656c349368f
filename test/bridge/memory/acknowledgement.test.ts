import { test } from 'node:test'
import { equal, rejects } from 'node:assert/strict'
import { acknowledgement, ended } from '../../../src/bridge/memory/acknowledgement.ts'
import { alarms } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { frozenClock } from '../../help/clock.ts'

test('an acknowledgement comes in its time, or the wait ends in doubt, and neither leaves an alarm behind', async t => {
  const clock = frozenClock(t)
  const before = alarms()
  const attempt = new AbortController()
  let came = false
  void acknowledgement(100, attempt.signal).then(() => (came = true))
  const lost = rejects(acknowledgement(1_000, attempt.signal), { code: 'publish-timeout', outcome: 'in-doubt' })
  await clock.advance(100)
  equal(came, true)
  attempt.abort()
  await lost
  equal(alarms(), before)
})

test('what ended a record is told in the words of who ended it, with the outcome that is true', () => {
  const given = AbortSignal.abort(new Problem('deadline-exceeded', 'Too late.'))
  const foreign = AbortSignal.abort('a reason')
  equal((ended(given, 'in-doubt') as Problem).code, 'deadline-exceeded')
  equal((ended(given, 'in-doubt') as Problem).outcome, 'in-doubt')
  equal(ended(foreign, 'not-sent'), 'a reason')
  equal((ended(foreign, 'in-doubt') as Problem).code, 'publish-timeout')
})
