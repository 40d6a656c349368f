import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Verdict } from '../../../src/resilience/circuit/health.ts'
import { Probes } from '../../../src/resilience/circuit/probes.ts'
import type { ProbesOptions } from '../../../src/resilience/circuit/probes.ts'
import { frozenClock } from '../../help/clock.ts'

const options: ProbesOptions = {
  probes: 1,
  failurePercent: 50,
  slowMs: 500,
  slowPercent: 80,
  longestWaitMs: 5_000,
}
/** After how many verdicts it is decided, and what. */
function decided(over: Partial<ProbesOptions>, verdicts: readonly Verdict[]): readonly [number, string] | null {
  const probes = new Probes({ ...options, ...over })
  verdicts.forEach((_, i) => probes.take(i))
  for (const [i, verdict] of verdicts.entries()) {
    const decision = probes.end(i, verdict, 'silence')
    if (decision !== null) return [i + 1, decision.to]
  }
  return null
}
const times = (count: number, verdict: Verdict): Verdict[] => Array<Verdict>(count).fill(verdict)

test('one probe decides alone', () => {
  deepEqual(decided({}, ['success']), [1, 'closed'])
  deepEqual(decided({}, ['failure']), [1, 'open'])
  deepEqual(decided({}, ['slow']), [1, 'open'])
  deepEqual(decided({}, ['none']), null)
})

test('several are decided by the shares that open a closed circuit, as soon as no other end is possible', () => {
  const ten = { probes: 10 }
  deepEqual(decided(ten, times(10, 'failure')), [5, 'open'])
  deepEqual(decided(ten, times(10, 'success')), [6, 'closed'])
  deepEqual(decided(ten, [...times(4, 'failure'), ...times(6, 'success')]), [10, 'closed'])
  deepEqual(decided(ten, [...times(4, 'failure'), ...times(5, 'slow'), 'success']), [9, 'open'])
  deepEqual(decided(ten, [...times(7, 'slow'), ...times(3, 'success')]), [10, 'closed'])
  deepEqual(decided(ten, [...times(8, 'slow'), ...times(2, 'success')]), [8, 'open'])
  deepEqual(decided({ probes: 3, failurePercent: 100 }, ['failure', 'failure', 'success']), [3, 'closed'])
})

test('a decision says what was exceeded, and by what', () => {
  const probes = new Probes({ ...options, probes: 4 })
  for (const pass of [1, 2, 3, 4]) probes.take(pass)
  equal(probes.end(1, 'failure', 'status 503'), null)
  deepEqual(probes.end(2, 'failure', 'silence'), {
    to: 'open',
    cause: { reason: '2 of 4 probes failed, the last: silence', limit: 50, observed: 50 },
  })
  const slow = new Probes({ ...options, probes: 2 })
  for (const pass of [1, 2]) slow.take(pass)
  slow.end(1, 'slow', '')
  deepEqual(slow.end(2, 'slow', '')?.cause, {
    reason: '2 of 2 probes took longer than 500 ms',
    limit: 80,
    observed: 100,
  })
})

test('there are as many places as probes; a verdict keeps its place, none gives it back', () => {
  const probes = new Probes({ ...options, probes: 3 })
  deepEqual(
    [1, 2, 3, 4].map(pass => probes.take(pass)),
    [true, true, true, false],
  )
  equal(probes.end(1, 'failure', ''), null)
  deepEqual([probes.free, probes.taken, probes.underWay], [false, 3, 2])
  equal(probes.end(2, 'none', ''), null)
  deepEqual([probes.free, probes.taken, probes.underWay], [true, 2, 1])
  equal(probes.take(5), true)
  equal(probes.take(6), false)
})

test('a probe that never ends gives its place to another after the longest wait, the oldest first', async t => {
  const clock = frozenClock(t)
  const probes = new Probes({ ...options, probes: 2 })
  probes.take(1)
  await clock.advance(1_000)
  probes.take(2)
  await clock.advance(4_000)
  equal(probes.free, false)
  await clock.advance(1)
  equal(probes.take(3), true)
  equal(probes.take(4), false, 'the second has still a second to go')
  equal(probes.end(1, 'failure', ''), null, 'its place has gone')
  equal(probes.taken, 2)
  await clock.advance(1_000)
  equal(probes.take(4), true)
  deepEqual(probes.end(3, 'success', ''), null)
  deepEqual(probes.end(2, 'failure', ''), null)
  equal(probes.end(4, 'success', '')?.to, 'closed')
})

test('one that ends late, but whose place nobody wanted, still counts', async t => {
  const clock = frozenClock(t)
  const probes = new Probes(options)
  probes.take(1)
  await clock.advance(60_000)
  equal(probes.end(1, 'success', '')?.to, 'closed')
})

test('a verdict counts once, and after a reset not at all', () => {
  const probes = new Probes({ ...options, probes: 5 })
  for (const pass of [1, 2, 3]) probes.take(pass)
  probes.end(1, 'failure', '')
  probes.end(1, 'failure', '')
  probes.end(1, 'failure', '')
  equal(probes.taken, 3)
  probes.reset()
  deepEqual([probes.taken, probes.underWay, probes.free], [0, 0, true])
  equal(probes.end(2, 'failure', ''), null)
  equal(probes.taken, 0)
})
