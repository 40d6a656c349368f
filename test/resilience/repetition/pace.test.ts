import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Pace } from '../../../src/resilience/repetition/pace.ts'
import { frozenClock } from '../../help/clock.ts'

/** Adds these in an order that is not theirs. */
const add = (pace: Pace, count: number, ms: (i: number) => number): void => {
  for (let i = 0; i < count; i++) pace.add(ms((i * 7) % count))
}

test('is the time within which the share came, of a hundred for the 95th', t => {
  frozenClock(t)
  const pace = new Pace(95)
  add(pace, 96, i => i + 1)
  equal(pace.value, null, 'too few beyond it to mean something')
  add(pace, 32, i => i + 97)
  equal(pace.value, 122) // of 1 … 128
})

test('follows the replies: what is older than the latest 512, or a minute, says nothing', async t => {
  const clock = frozenClock(t)
  const pace = new Pace(90)
  add(pace, 512, () => 10)
  equal(pace.value, 10)
  add(pace, 512, () => 300)
  equal(pace.value, 300)
  await clock.advance(60_001)
  equal(pace.value, null)
  add(pace, 64, () => 20)
  equal(pace.value, 20)
})

test('is looked at anew after a second, however few the replies', async t => {
  const clock = frozenClock(t)
  const pace = new Pace(50)
  add(pace, 10, () => 5)
  equal(pace.value, null)
  await clock.advance(1_001)
  equal(pace.value, 5)
})
