import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Backlog } from '../../src/bridge/backlog.ts'
import type { Instant } from '../../src/clock.ts'

const at = (ms: number): Instant => ms as Instant
const seen = (backlog: Backlog, ms: number, committed: number, end: number): void =>
  backlog.look(at(ms), { committed: [BigInt(committed)], ends: [BigInt(end)] })

type Worker = Readonly<{
  arrivals: number // a second
  capacity: number // a second
  commitMs: number
  backlog?: number
  phaseMs?: number // of the looks, against the commits
}>
type Seen = Readonly<{ ms: number; commits: number; predicted: number; real: number }>

/** One partition, in steps of 50 ms: what is predicted at each look, and how long a record written then really waits. */
function simulate({ arrivals, capacity, commitMs, backlog = 0, phaseMs = 0 }: Worker, seconds: number): Seen[] {
  const estimate = new Backlog()
  const seen: Seen[] = []
  let [end, done, committed, commits] = [backlog, 0, 0, 0]
  for (let ms = 0; ms <= seconds * 1_000; ms += 50) {
    end += arrivals / 20
    done = Math.min(end, done + capacity / 20)
    if (ms % commitMs === 0) {
      committed = Math.floor(done)
      commits++
    }
    if ((ms + phaseMs) % 1_000 !== 0) continue
    estimate.look(at(ms), { committed: [BigInt(committed)], ends: [BigInt(Math.floor(end))] })
    seen.push({ ms, commits, predicted: estimate.waitMs(0), real: ((end - done) / capacity) * 1_000 })
  }
  return seen
}

test('a worker that keeps up has no backlog, however seldom it commits', () => {
  fc.assert(
    fc.property(
      fc.record({
        arrivals: fc.integer({ min: 1, max: 2_000 }),
        spare: fc.double({ min: 1.2, max: 50, noNaN: true }),
        commitMs: fc.constantFrom(500, 1_000, 5_000, 10_000),
        phaseMs: fc.integer({ min: 0, max: 19 }).map(step => step * 50),
      }),
      ({ arrivals, spare, ...worker }) => {
        const waits = simulate({ arrivals, capacity: arrivals * spare, ...worker }, 60).map(
          ({ predicted }) => predicted,
        )
        deepEqual(new Set(waits), new Set([0]))
      },
    ),
  )
})

test('of one that is behind the wait is predicted from its third commit on, a quarter more or less', () => {
  fc.assert(
    fc.property(
      fc.record({
        capacity: fc.integer({ min: 50, max: 2_000 }),
        load: fc.double({ min: 0.3, max: 1.5, noNaN: true }),
        commitMs: fc.constantFrom(500, 1_000, 5_000),
        phaseMs: fc.integer({ min: 0, max: 19 }).map(step => step * 50),
      }),
      ({ capacity, load, ...worker }) => {
        const backlog = capacity * 60
        const known = simulate({ arrivals: capacity * load, capacity, backlog, ...worker }, 40).filter(
          ({ commits, ms }) => commits >= 4 && ms >= 3_000,
        )
        ok(known.length > 10)
        for (const { predicted, real, ms } of known)
          ok(Math.abs(predicted - real) < 0.25 * real + 1_000, `at ${ms}: ${predicted} for ${real}`)
      },
    ),
  )
})

test('a backlog that was worked off is forgotten, with the pace that it had', () => {
  const all = simulate({ arrivals: 10, capacity: 100, commitMs: 1_000, backlog: 1_000 }, 60)
  ok(all.some(({ predicted }) => predicted > 3_000))
  equal(all.findLast(({ predicted }) => predicted > 0)!.ms < 14_000, true)
  // and a burst upon it is not judged by the pace at which records came before
  const backlog = new Backlog()
  for (let s = 0; s <= 10; s++) seen(backlog, s * 1_000, s, s)
  seen(backlog, 11_000, 11, 5_000)
  equal(backlog.waitMs(0), 0)
  equal(backlog.lag, 4_989)
})

test('what came between a commit and the look that saw it is no backlog: a burst is not judged by the pace before it', () => {
  const backlog = new Backlog()
  for (let s = 1; s <= 10; s++) seen(backlog, s * 1_000, s * 10 - 4, s * 10)
  seen(backlog, 11_000, 106, 5_000)
  equal(backlog.waitMs(0), 0)
})

test('between two commits the group is taken to go on, until nothing has been committed for long', () => {
  const backlog = new Backlog({ staleMs: 10_000 })
  seen(backlog, 0, 0, 10_000)
  seen(backlog, 1_000, 100, 10_000)
  seen(backlog, 2_000, 200, 10_000)
  equal(backlog.waitMs(0), 97_000, '9,800 at 100 a second, and a second of them is done since')
  seen(backlog, 3_000, 200, 10_000)
  equal(backlog.waitMs(0), 96_000)
  seen(backlog, 12_000, 200, 10_000)
  equal(backlog.waitMs(0), 87_000)
  seen(backlog, 13_000, 200, 10_000)
  equal(backlog.waitMs(0), 0)
  equal(backlog.lag, 9_800)
})

test('nothing is predicted of a partition that has never committed, has no leader, or was set back', () => {
  const backlog = new Backlog()
  for (let s = 0; s < 5; s++) seen(backlog, s * 1_000, -1, 1_000)
  deepEqual([backlog.waitMs(0), backlog.lag], [0, 0])
  for (let s = 5; s < 9; s++) seen(backlog, s * 1_000, s, 1_000)
  ok(backlog.waitMs(0) > 0)
  seen(backlog, 9_000, 9, -1)
  equal(backlog.waitMs(0), 0)
  for (let s = 10; s < 13; s++) seen(backlog, s * 1_000, s, 1_000)
  ok(backlog.waitMs(0) > 0)
  seen(backlog, 13_000, 0, 1_000)
  equal(backlog.waitMs(0), 0)
})

test('when the members change, their pace is measured anew', () => {
  const backlog = new Backlog()
  for (let s = 0; s < 4; s++) seen(backlog, s * 1_000, s * 10, 1_000)
  ok(backlog.waitMs(0) > 90_000)
  backlog.forget()
  equal(backlog.waitMs(0), 0)
  seen(backlog, 4_000, 100, 1_000)
  equal(backlog.waitMs(0), 0)
  seen(backlog, 5_000, 200, 1_000)
  equal(backlog.waitMs(0), 7_000)
})

test('partitions are counted apart, a topic may grow, and the worst are named first', () => {
  const backlog = new Backlog()
  const look = (ms: number, ...pairs: (readonly [committed: number, end: number])[]): void =>
    backlog.look(at(ms), {
      committed: pairs.map(([committed]) => BigInt(committed)),
      ends: pairs.map(([, end]) => BigInt(end)),
    })
  for (let s = 0; s < 4; s++) look(s * 1_000, [s * 10, 100], [s * 10, 1_000], [s, s])
  look(4_000, [40, 100], [40, 1_000], [4, 4], [7, 8])
  equal(backlog.lag, 60 + 960 + 0 + 1)
  deepEqual(
    [0, 1, 2, 3, 4].map(partition => backlog.waitMs(partition)),
    [5_000, 95_000, 0, 0, 0],
  )
  deepEqual(backlog.worst(2), [
    { partition: 1, lag: 960, perSecond: 10, waitMs: 95_000 },
    { partition: 0, lag: 60, perSecond: 10, waitMs: 5_000 },
  ])
})

test('it knows of which partitions the last look saw something done', () => {
  const backlog = new Backlog()
  const look = (ms: number, committed: readonly bigint[]): readonly number[] => {
    backlog.look(at(ms), { committed, ends: committed.map(() => 9n) })
    return backlog.moved
  }
  deepEqual(
    [look(0, [1n, -1n]), look(1, [2n, 1n]), look(2, [2n, 3n, 4n]), look(3, [1n, 3n, 5n]), look(4, [1n])],
    [[], [0], [1], [2], []],
  )
})
