import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { choose } from '../../../src/bridge/upstreams/balance.ts'
import type { Choice } from '../../../src/bridge/upstreams/balance.ts'
import { Problem } from '../../../src/problem.ts'

const open = new Problem('circuit-open', 'x')
const one = (over: Partial<Choice> = {}): Choice => ({
  healthy: true,
  ejected: false,
  onProbation: false,
  full: false,
  underWay: 0,
  guard: { refusal: () => null },
  ...over,
})

test('of two at random the less busy is chosen, so that the busiest gets nothing', () => {
  const all = [one({ underWay: 5 }), one({ underWay: 1 }), one({ underWay: 9 })]
  const taken = [0, 0, 0]
  for (let i = 0; i < 3_000; i++) taken[all.indexOf(choose(all, [])!)]!++
  equal(taken[2], 0)
  // a third of the pairs has no 1
  deepEqual([taken[0]! > 800 && taken[0]! < 1_200, taken[1]! > 1_800 && taken[1]! < 2_200], [true, true])
})

test('who is ill, full, behind an open circuit, or was tried already is not chosen', () => {
  const good = one()
  const all = [one({ healthy: false }), one({ full: true }), one({ guard: { refusal: () => open } }), good]
  for (let i = 0; i < 50; i++) equal(choose(all, []), good)
  equal(choose(all, [good]), null)
  equal(choose([good], [good]), null)
  equal(choose([], []), null)
})

test('who was put aside is chosen when nothing else is left', () => {
  const aside = one({ ejected: true })
  const good = one({ underWay: 3 })
  for (let i = 0; i < 50; i++) equal(choose([aside, good], []), good)
  equal(choose([aside, one({ full: true })], []), aside)
})

test('who is on probation gets one call at a time, and more when nothing else is left', () => {
  const good = one({ underWay: 3 })
  for (let i = 0; i < 50; i++) equal(choose([one({ onProbation: true, underWay: 1 }), good], []), good)
  const busy = one({ onProbation: true, underWay: 9 })
  equal(choose([busy, one({ full: true })], []), busy)
  const free = one({ onProbation: true })
  equal(choose([free, good], []), free)
})
