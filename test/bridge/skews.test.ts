import { test } from 'node:test'
import { deepEqual, match } from 'node:assert/strict'
import { Skews } from '../../src/bridge/skews.ts'
import { now, wallClock } from '../../src/clock.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord } from '../help/record.ts'
import { heard } from '../resilience/heard.ts'

test('a reply written after its arrival, or before its command was, names the clock of its worker', async t => {
  const clock = frozenClock(t)
  const told = heard(t, 'skew')
  const warnings = heard(t, 'warning')
  const skews = new Skews()
  const sentAt = now()
  await clock.advance(3_000)
  const at = wallClock()
  for (const timestamp of [at, at + 1_000, at - 3_000, at - 4_000]) skews.see('orders', aRecord({ timestamp }), sentAt)
  deepEqual(skews.notices, [], 'written meanwhile, by a clock that is nearly right')
  skews.see('orders', aRecord({ timestamp: at + 5_000 }), sentAt)
  skews.see('stock', aRecord({ timestamp: at - 8_000 }), sentAt)
  const [ahead = '', behind = ''] = skews.notices
  deepEqual([skews.of('orders'), skews.of('stock'), skews.of('other')], [ahead, behind, null])
  match(ahead, /The clock of the worker orders is at least 5.0 s ahead of ours: commands may expire there/)
  match(behind, /The clock of the worker stock is at least 5.0 s behind ours/)
  deepEqual(told, [
    { worker: 'orders', ms: 5_000 },
    { worker: 'stock', ms: -5_000 },
  ])
  deepEqual(warnings.length, 2)
  skews.see('orders', aRecord({ timestamp: at }), sentAt)
  deepEqual(skews.notices.length, 2, 'another member of it is right')
  await clock.advance(60_000)
  deepEqual(skews.notices, [])
  deepEqual(told.slice(2), [
    { worker: 'orders', ms: 0 },
    { worker: 'stock', ms: 0 },
  ])
})

test('the broker’s time says nothing of the worker’s', t => {
  frozenClock(t)
  const skews = new Skews()
  skews.see('orders', aRecord({ timestamp: wallClock() + 9_000, brokersTime: true }), now())
  deepEqual(skews.notices, [])
})
