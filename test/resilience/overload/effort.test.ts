import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { effort } from '../../../src/resilience/overload/effort.ts'
import { frozenClock } from '../../help/clock.ts'

test('the effort of a thread is the share of the time that it had a processor, anew for each reading', async t => {
  const clock = frozenClock(t)
  let used = { user: 0, system: 0 }
  const read = effort(() => used)
  equal(read(), 1, 'nothing is known yet')
  await clock.advance(200)
  used = { user: 15_000, system: 5_000 }
  equal(read(), 0.1)
  await clock.advance(100)
  equal(read(), 0)
})
