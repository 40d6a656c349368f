import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { after, alarms } from '../../src/clock.ts'
import { Link, Waiter } from '../../src/resilience/waiter.ts'
import type { Newcomer } from '../../src/resilience/waiter.ts'
import { aCall } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'

const newcomer = (call = aCall()): Newcomer => ({ call, place: 0, line: 0, patienceMs: 100 })
const around = (ring: Link): Link[] => {
  const all: Link[] = []
  for (let link = ring.next; link !== ring; link = link.next) all.push(link)
  return all
}

test('links stand in a ring in the order they joined, and leave it from any place', () => {
  const ring = new Link()
  const [a, b, c] = [new Link(), new Link(), new Link()]
  for (const link of [a, b, c]) link.join(ring)
  deepEqual(around(ring), [a, b, c])
  b.part()
  deepEqual(around(ring), [a, c])
  b.part() // twice does no harm
  a.part()
  c.part()
  equal(ring.next, ring)
  b.join(ring)
  deepEqual(around(ring), [b])
})

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
