import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Waiters } from '../../../src/bridge/feeds/waiters.ts'
import { frozenClock } from '../../help/clock.ts'

test('who waits hears of a change of its name, the end of its time, or its signal, and leaves nothing behind', async t => {
  const clock = frozenClock(t)
  const waiters = new Waiters<string>()
  const seen: string[] = []
  const wait = (what: string, name: string, signal = new AbortController().signal): void =>
    void waiters.wait(name, 1_000, signal).then(() => seen.push(what))
  const leaving = new AbortController()
  wait('changed', 'a')
  wait('late', 'b')
  wait('left', 'b', leaving.signal)
  equal(waiters.count, 3)
  waiters.changed('a')
  waiters.changed('c')
  leaving.abort()
  await clock.advance(0)
  deepEqual(seen, ['changed', 'left'])
  await clock.advance(1_000)
  deepEqual(seen, ['changed', 'left', 'late'])
  equal(waiters.count, 0)
})

test('more than the bound are refused', () => {
  const waiters = new Waiters<number>()
  const leaving = new AbortController()
  for (let n = 0; n < 10_000; n++) void waiters.wait(n % 2, 60_000, leaving.signal)
  throws(() => waiters.wait(0, 60_000, leaving.signal), { code: 'overloaded' })
  waiters.changed(0)
  waiters.changed(1)
  equal(waiters.count, 0)
})
