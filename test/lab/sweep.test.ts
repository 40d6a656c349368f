import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { axisOf, frontier, gridOf, nameOf, recommended, scoreOf } from '../../src/lab/sweep.ts'
import type { Scored } from '../../src/lab/sweep.ts'
import { aResult } from './results.ts'

const scored = (name: string, over: Partial<Scored>): Scored => ({
  point: [name],
  answeredPercent: 90,
  p50: 10,
  p99: 100,
  wastedPercent: 0,
  refused: 0,
  waitedInVain: 0,
  failing: 0,
  recoverMs: 0,
  ...over,
})
const best = (...scores: readonly Scored[]): string | undefined => recommended(scores)?.point[0]

test('a grid is every combination', () => {
  deepEqual(gridOf([axisOf('a.b=1,2'), axisOf('c=x')]), [
    ['a.b=1', 'c=x'],
    ['a.b=2', 'c=x'],
  ])
  throws(() => axisOf('a.b'), /expected path=a,b,c/)
  throws(() => gridOf([axisOf(`a=${'1,'.repeat(500)}`)]), /at most 400/)
  equal(nameOf(['gateway.workers.orders.bulkhead.slots=8']), 'bulkhead.slots=8')
})

test('what holds its objectives goes before what answers more, and that before what answers sooner', () => {
  equal(best(scored('fails', { answeredPercent: 99, failing: 1 }), scored('holds', {})), 'holds')
  equal(best(scored('few', { answeredPercent: 80, p99: 10 }), scored('many', { p99: 500 })), 'many')
  equal(best(scored('slow', { answeredPercent: 90.5, p99: 500 }), scored('quick', {})), 'quick')
  equal(best(scored('wasteful', { wastedPercent: 9 }), scored('careful', { p99: 105 })), 'careful')
  equal(recommended([]), null)
})

test('the trade-off is what no other beats in both', () => {
  const all = [
    scored('a', {}),
    scored('b', { answeredPercent: 95, p99: 300 }),
    scored('c', { answeredPercent: 89, p99: 200 }),
  ]
  deepEqual(
    frontier(all).map(({ point }) => point[0]),
    ['a', 'b'],
  )
})

test('a run is scored by what clients and workers had of it', () => {
  const score = scoreOf(['a=1'], aResult())
  deepEqual(
    [Math.round(score.answeredPercent), score.p99, score.waitedInVain, score.failing, score.recoverMs],
    [83, 800, 250, 1, 0],
  )
})
