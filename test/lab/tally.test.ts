import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Tally } from '../../src/lab/tally.ts'

test('sendings count when they are due, their fates when they end', () => {
  const tally = new Tally([])
  tally.sent(900, true)
  tally.sent(950, true)
  tally.ended('refused', 'shed', 950, 960)
  tally.turn()
  tally.ended('served', '', 900, 1_100)
  tally.answered(900, 1_100)
  tally.turn()
  const [first, second] = tally.result().seconds
  deepEqual([first?.sent, first?.fates.refused, first?.fates.served, first?.codes], [2, 1, 0, { shed: 1 }])
  deepEqual([second?.sent, second?.fates.served, second?.answered, second?.codes], [0, 1, 1, {}])
  deepEqual([first?.refused.p99, first?.served.p99], [10, null])
  equal(Math.round(second?.served.p99 ?? 0), 200)
})

test('what was due in a phase belongs to it, whenever it ends', () => {
  const tally = new Tally([
    { name: 'a', fromMs: 0, toMs: 1_000 },
    { name: 'b', fromMs: 1_000, toMs: 2_000 },
  ])
  tally.sent(999, true)
  tally.sent(1_000, true)
  tally.ended('served', '', 999, 1_499)
  tally.ended('failed', 'reply-timeout', 1_000, 6_000)
  tally.turn()
  const { a, b } = tally.result().phases
  deepEqual([a?.sent, a?.fates.served, Math.round(a?.served.max ?? 0)], [1, 1, 500])
  deepEqual([b?.sent, b?.codes, b?.failed.count], [1, { 'reply-timeout': 1 }, 1])
})

test('a repetition is another sending of the same request', () => {
  const tally = new Tally([{ name: 'all', fromMs: 0, toMs: 1_000 }])
  tally.sent(0, true)
  tally.ended('refused', 'shed', 0, 1)
  tally.sent(100, false)
  tally.ended('served', '', 100, 120)
  tally.answered(0, 120)
  tally.turn()
  const { all } = tally.result().phases
  deepEqual([all?.sent, all?.asked, all?.answered], [2, 1, 1])
})

test('every second is there, also one in which nothing happened', () => {
  const tally = new Tally([])
  for (let second = 0; second < 3; second++) tally.turn()
  equal(tally.result().seconds.length, 3)
})
