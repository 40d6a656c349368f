import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { recoveryOf, steadyAfter } from '../../src/lab/recovery.ts'
import { Tally } from '../../src/lab/tally.ts'
import { aRun } from './runs.ts'

/** Ten seconds of 100 a second; `fate` says what becomes of each. */
function played(fate: (ms: number) => 'served' | 'refused' | 'gone') {
  const tally = new Tally([])
  for (let ms = 0; ms < 10_000; ms += 10) {
    tally.sent(ms, true)
    tally.ended(fate(ms), fate(ms) === 'served' ? '' : 'x', ms, ms)
    if (fate(ms) === 'served') tally.answered(ms, ms)
    if (ms % 1_000 === 990) tally.turn()
  }
  return { ...aRun(), lengthMs: 10_000, populations: { a: tally.result() } }
}

test('a fault is noticed when more is refused than answered, and over when nearly all is answered', () => {
  const run = played(ms => (ms < 2_000 || ms >= 6_000 ? 'served' : ms < 3_000 ? 'gone' : 'refused'))
  deepEqual(recoveryOf(run, { fromMs: 2_000, toMs: 5_000 }), { detectMs: 600, recoverMs: 900 })
})

test('a fault that nobody notices, or that lasts to the end, says so', () => {
  deepEqual(
    recoveryOf(
      played(() => 'served'),
      { fromMs: 2_000, toMs: 10_000 },
    ),
    { detectMs: null, recoverMs: null },
  )
  deepEqual(
    recoveryOf(
      played(ms => (ms < 2_000 ? 'served' : 'gone')),
      { fromMs: 2_000, toMs: 4_000 },
    ),
    {
      detectMs: null,
      recoverMs: null,
    },
  )
})

test('it is steady again after the first of three good seconds on end', () => {
  const run = played(ms => (ms >= 5_000 && ms < 6_000 ? 'served' : ms >= 7_000 ? 'served' : 'gone'))
  deepEqual([steadyAfter(run, 4_000), steadyAfter(run, 8_000)], [3_000, null])
})
