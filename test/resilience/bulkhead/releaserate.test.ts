import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { ReleaseRate } from '../../../src/resilience/bulkhead/releaserate.ts'
import { frozenClock } from '../../help/clock.ts'

test('nothing is known while slots are free, nor before enough of them came free or the patience is over', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.free()
  equal(turnover.within(100, 100), Infinity)
  turnover.press(100)
  await clock.advance(99)
  turnover.free()
  equal(turnover.within(100, 100), Infinity)
  await clock.advance(1)
  equal(turnover.within(100, 100), 1)
})

test('what is known outlasts a moment in which a slot stays free, and no more', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.press(100)
  await clock.advance(100)
  turnover.free()
  turnover.ease()
  equal(turnover.within(100, 100), Infinity)
  await clock.advance(99)
  turnover.free() // nobody waited for it
  turnover.ease()
  turnover.press(100)
  equal(Math.round(turnover.within(199, 100)), 1)
  turnover.ease()
  await clock.advance(100)
  turnover.press(100)
  equal(turnover.within(100, 100), Infinity)
})

test('sixteen that came free say enough', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.press(100)
  for (let i = 0; i < 16; i++) {
    equal(turnover.within(100, 100), Infinity)
    await clock.advance(4)
    turnover.free()
  }
  equal(turnover.within(100, 100), 25)
})

test('but not in a moment, which may be a pause of somebody who is quick', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.press(100)
  for (let i = 0; i < 60; i++) {
    turnover.free()
    equal(turnover.within(100, 100), Infinity)
    await clock.advance(1)
  }
  equal(turnover.within(100, 100), 100)
})

test('the latest counts, and a silence counts too', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.press(100)
  for (let i = 0; i < 300; i++) {
    await clock.advance(i < 100 ? 20 : 1)
    turnover.press(100) // of no account: they are taken already
    turnover.free()
  }
  equal(Math.round(turnover.within(100, 100)), 100)
  await clock.advance(10_000)
  ok(turnover.within(100, 100) < 3)
})

test('a pause of somebody who is quick hardly makes him slow', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.press(100)
  for (let i = 0; i < 200; i++) {
    await clock.advance(1)
    for (let n = 0; n < 10; n++) turnover.free()
  }
  await clock.advance(60)
  ok(turnover.within(20, 100) > 100, 'of 200')
})

test('where no slot comes free nobody is let wait', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  turnover.press(100)
  await clock.advance(100)
  equal(turnover.within(100, 100), 0)
})

test('slots are short for as long as none stays free for a while', async t => {
  const clock = frozenClock(t)
  const turnover = new ReleaseRate()
  equal(turnover.short(0), false)
  turnover.press(100)
  await clock.advance(99)
  equal(turnover.short(100), false)
  await clock.advance(1)
  equal(turnover.short(100), true)
  turnover.ease()
  await clock.advance(99)
  equal(turnover.short(100), true)
  await clock.advance(1)
  equal(turnover.short(100), false)
})
