import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { Progress } from '../../src/worker/progress.ts'
import { alarms } from '../../src/clock.ts'
import { frozenClock } from '../help/clock.ts'

test('the first report is sent at once, then the latest, not oftener than five times a second', async t => {
  const clock = frozenClock(t)
  const sent: (readonly [number, string])[] = []
  const progress = new Progress((percent, note) => sent.push([percent, note]))
  for (let percent = 0; percent <= 100; percent++) {
    progress.report(percent, `${percent} done`)
    await clock.advance(10)
  }
  deepEqual(sent[0], [0, '0 done'])
  deepEqual([sent.length >= 5, sent.length <= 7], [true, true])
  progress.end()
  progress.report(100)
  await clock.advance(1_000)
  deepEqual([sent.length <= 7, alarms()], [true, 0])
})

test('what is no percentage is refused', () => {
  const progress = new Progress(() => {})
  for (const percent of [-1, 101, NaN]) throws(() => progress.report(percent), RangeError)
})
