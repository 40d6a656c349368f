import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { floorOf, middleOf, restart, see } from '../../../src/resilience/bulkhead/middle.ts'
import { ReplyTimes } from '../../../src/resilience/bulkhead/replytimes.ts'
import { frozenClock } from '../../help/clock.ts'

const of = (...samples: number[]): Float64Array => new Float64Array(samples)

test('the quickest and the slowest quarter are left out, and whoever has not ended yet is slow', t => {
  frozenClock(t)
  const times = new ReplyTimes()
  const all = Array.from({ length: 8 }, () => times)
  equal(middleOf(of(1, 900, 10, 20, 10, 20, 1, 900), all, 8).sampleMs, 15)
  equal(middleOf(of(1, 2, 3, 4), all, 8).sampleMs, 3.5)
})

test('replies of routes with floors of their own are in order by what they waited', t => {
  frozenClock(t)
  const [quick, slow] = [new ReplyTimes(), new ReplyTimes()]
  quick.floor.see(5)
  slow.floor.see(600)
  const { sampleMs, floorMs, known, routes } = middleOf(of(90, 610, 620, 5), [quick, slow, slow, quick], 4)
  deepEqual([sampleMs, floorMs, known, routes.get(slow)], [615, 600, true, { ms: 1_230, count: 2 }])
})

test('an unknown floor is that of the first window, and a call or two at rest are no new one', t => {
  frozenClock(t)
  const [often, seldom] = [new ReplyTimes(), new ReplyTimes()]
  const first = middleOf(
    of(10, 10, 10, 10, 10, 10, 10, 10),
    Array.from({ length: 8 }, () => often),
    8,
  )
  equal(first.known, false)
  see(first)
  equal(often.floor.ms, 10)
  const rest = middleOf(of(30, 30, 30, 30, 30, 30, 20, 10), [...Array.from({ length: 7 }, () => often), seldom], 8)
  restart(rest)
  deepEqual([often.floor.ms, floorOf(rest)], [30, 30])
  restart(middleOf(of(50, 50, 50, 50, 50, 50, 50, 50), [often, often, often, often, often, seldom, often, often], 8))
  deepEqual([often.floor.ms, seldom.floor.ms], [50, Infinity])
})
