import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Floor } from '../../../src/resilience/bulkhead/floor.ts'
import { frozenClock } from '../../help/clock.ts'

test('before the first reading there is no floor; then it is the least that was seen', t => {
  frozenClock(t)
  const floor = new Floor()
  equal(floor.ms, Infinity)
  for (const ms of [40, 20, 30]) floor.see(ms)
  equal(floor.ms, 20)
})

test('a low reading of better days is forgotten after two generations, and not before one', async t => {
  const clock = frozenClock(t)
  const floor = new Floor()
  floor.see(20)
  await clock.advance(59_999)
  floor.see(200)
  equal(floor.ms, 20)
  await clock.advance(1)
  floor.see(200) // a new generation: 20 is the elder's
  equal(floor.ms, 20)
  await clock.advance(60_000)
  floor.see(200)
  equal(floor.ms, 200)
})

test('after two minutes without a reading nothing of before counts', async t => {
  const clock = frozenClock(t)
  const floor = new Floor()
  floor.see(20)
  await clock.advance(120_000)
  floor.see(300)
  equal(floor.ms, 300)
})

test('a reading at rest counts for more than all before it', () => {
  const floor = new Floor()
  floor.see(20)
  floor.restart(200)
  equal(floor.ms, 200)
  floor.see(150)
  equal(floor.ms, 150)
})
