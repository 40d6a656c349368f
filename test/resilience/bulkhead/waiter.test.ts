import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { after, alarms } from '../../../src/clock.ts'
import { Waiter } from '../../../src/resilience/bulkhead/waiter.ts'
import type { Newcomer } from '../../../src/resilience/bulkhead/waiter.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'

const newcomer = (call = aCall()): Newcomer => ({ call, place: 0, share: 0, patienceMs: 100 })

test('who comes later has a higher number', () => {
  const [first, second] = [new Waiter(newcomer()), new Waiter(newcomer())]
  ok(second.number > first.number)
})

test('released, it leaves no alarm and no listener', t => {
  frozenClock(t)
  const abort = new AbortController()
  const waiter = new Waiter(newcomer(aCall({ aborter: abort })))
  waiter.release() // before there is anything to release
  let heard = 0
  waiter.alarm = after(100, () => {})
  waiter.gone = () => heard++
  abort.signal.addEventListener('abort', waiter.gone)
  waiter.release()
  abort.abort()
  deepEqual([heard, alarms()], [0, 0])
})
