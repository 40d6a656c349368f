import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { GroupState } from '../../src/bridge/admin.ts'
import { Watch } from '../../src/bridge/watch.ts'
import { later, now } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'
import { frozenClock } from '../help/clock.ts'
import { heard } from '../resilience/heard.ts'

const state = (over: Partial<GroupState> = {}): GroupState => ({
  members: 1,
  rebalancing: false,
  committed: [0n],
  ends: [0n],
  ...over,
})
type Answer = GroupState | Problem | 'silence'

function aWatch(t: TestContext) {
  const clock = frozenClock(t)
  const brokers: { answer: Answer; looks: number; pending: ((state: GroupState) => void)[] } = {
    answer: state(),
    looks: 0,
    pending: [],
  }
  const look = (): Promise<GroupState> => {
    brokers.looks++
    const { answer } = brokers
    if (answer instanceof Problem) return Promise.reject(answer)
    if (answer !== 'silence') return Promise.resolve(answer)
    const { promise, resolve } = Promise.withResolvers<GroupState>()
    brokers.pending.push(resolve)
    return promise
  }
  const settled: number[] = []
  const moved: number[] = []
  const options = { worker: 'orders', group: 'workers', everyMs: 1_000, graceMs: 10_000 }
  const watch = new Watch(
    look,
    { settled: () => settled.push(brokers.looks), moved: partition => moved.push(partition) },
    options,
  )
  t.after(() => watch[Symbol.dispose]())
  /** Goes on for so many looks that see this. */
  const sees = async (answer: Answer, looks = 1): Promise<void> => {
    brokers.answer = answer
    for (let i = 0; i < looks; i++) await clock.advance(1_000)
  }
  return { clock, brokers, watch, settled, moved, sees }
}
const unreachable = new Problem('broker-unavailable', 'No broker.')
const forbidden = new Problem('topic-forbidden', 'No permission on the group workers.')

test('knows nothing before it has looked, and then within a look when the last member has gone or one has come', async t => {
  const changes = heard(t, 'group')
  const samples = heard(t, 'watched')
  const { watch, clock, sees } = aWatch(t)
  equal(watch.members, null)
  watch.start()
  await clock.advance(0)
  equal(watch.members, 1)
  await sees(state({ members: 0 }))
  equal(watch.members, 0)
  await sees(state({ members: 2, committed: [3n, -1n], ends: [7n, 5n] }))
  equal(watch.members, 2)
  deepEqual(
    changes.map(({ from, to }) => `${from} → ${to}`),
    ['unknown → present', 'present → absent', 'absent → present'],
  )
  deepEqual(samples.at(-1), { worker: 'orders', members: 2, lag: 4, rebalancing: false })
})

test('never looks twice at once, and what was seen long ago is not known', async t => {
  const { watch, clock, brokers, sees } = aWatch(t)
  watch.start()
  await sees(state({ members: 0 }), 2)
  equal(watch.members, 0)
  await sees('silence', 1)
  const before = brokers.looks
  await sees('silence', 4)
  equal(brokers.looks, before)
  equal(watch.members, 0)
  await clock.advance(1_000)
  equal(watch.members, null)
  equal(watch.snapshot().presence, 'unknown')
  brokers.answer = state({ members: 3 })
  brokers.pending[0]!(state({ members: 2 }))
  await clock.advance(0)
  equal(watch.members, 2)
  await clock.advance(1_000)
  equal(watch.members, 3)
})

test('a look that fails leaves everything unknown, and warns once until one succeeds', async t => {
  const warnings = heard(t, 'warning')
  const { watch, sees } = aWatch(t)
  watch.start()
  await sees(state({ members: 0 }))
  await sees(unreachable, 5)
  equal(watch.members, null)
  deepEqual(
    warnings.map(({ what, cause }) => [what, cause]),
    [['The group workers of orders cannot be watched: nothing is refused on its account.', unreachable]],
  )
  await sees(state({ members: 0 }))
  equal(watch.members, 0)
  await sees(unreachable, 2)
  equal(warnings.length, 2)
})

test('where it is not allowed it asks again once a minute only', async t => {
  const { watch, brokers, sees } = aWatch(t)
  watch.start()
  await sees(forbidden)
  equal(watch.members, null)
  const before = brokers.looks
  await sees(forbidden, 59)
  equal(brokers.looks, before)
  await sees(state({ members: 4 }))
  equal(watch.members, 4)
})

test('the wait goes on passing between two looks, and is unknown while the members change', async t => {
  const { watch, clock, sees } = aWatch(t)
  watch.start()
  for (let i = 0n; i < 4n; i++) await sees(state({ committed: [i * 10n], ends: [1_000n] }))
  equal(watch.waitMs(0), 96_000)
  await clock.advance(400)
  equal(watch.waitMs(0), 95_600)
  equal(watch.waitMs(1), 0)
  deepEqual(watch.snapshot().worst, [{ partition: 0, lag: 970, perSecond: 10, waitMs: 96_000 }])
  await sees(state({ committed: [40n], ends: [1_000n], members: 2 }))
  equal(watch.waitMs(0), 0)
  equal(watch.snapshot().lag, 960)
})

test('silence proves nothing while the group rebalances, and for the grace after it', async t => {
  const { watch, clock, sees, settled, brokers } = aWatch(t)
  watch.start()
  await sees(state(), 2)
  const before = now()
  equal(watch.disturbed(before), false)
  await sees(state({ rebalancing: true }), 3)
  equal(watch.disturbed(before), true, 'begun before, and caught in it')
  equal(watch.disturbed(now()), true)
  deepEqual(settled, [])
  await sees(state())
  deepEqual(settled, [brokers.looks])
  await clock.advance(8_500)
  equal(watch.disturbed(now()), true)
  await clock.advance(1_000)
  equal(watch.disturbed(now()), false)
})

test('the excuse ends for a partition that has answered a while after the group has settled', async t => {
  const { watch, sees, clock } = aWatch(t)
  watch.start()
  await sees(state(), 2)
  await sees(state({ rebalancing: true }))
  const during = now()
  await clock.advance(500)
  equal(watch.disturbed(during, now()), true, 'it is not over: who held it before may have answered')
  await clock.advance(500)
  await sees(state({ members: 2 }))
  const settled = now()
  await clock.advance(100)
  const [answeredAt, started] = [now(), later(50)]
  equal(watch.disturbed(started, answeredAt), false)
  equal(watch.disturbed(started), true, 'another partition may not be served yet')
  equal(watch.disturbed(started, settled - 1), true, 'answered by who held it before')
  equal(watch.disturbed(during, answeredAt), true, 'its command may have been lost on the way')
  await sees(state({ rebalancing: true }))
  equal(watch.disturbed(now(), answeredAt), true, 'it begins anew')
})

test('members that come and go between two looks are a rebalance too', async t => {
  const { watch, sees, settled } = aWatch(t)
  watch.start()
  await sees(state())
  await sees(state({ members: 2 }))
  equal(watch.disturbed(now()), true)
  equal(settled.length, 1)
  await sees(state({ members: 0 }))
  equal(settled.length, 1, 'nobody is no news to try')
})

test('a group that never settles is no excuse for longer than six graces', async t => {
  const { watch, sees } = aWatch(t)
  watch.start()
  await sees(state(), 2)
  for (let i = 0; i < 15; i++) {
    await sees(state({ rebalancing: true }), 1)
    await sees(state(), 3)
  }
  equal(watch.disturbed(now()), true)
  await sees(state({ rebalancing: true }), 3)
  equal(watch.disturbed(now()), false)
  await sees(state(), 12)
  await sees(state({ rebalancing: true }))
  equal(watch.disturbed(now()), true, 'after a time without any, the next is excused again')
})

test('once it has ended it looks no more, and what was under way changes nothing', async t => {
  const changes = heard(t, 'group')
  const { watch, brokers, sees, clock } = aWatch(t)
  watch.start()
  await sees('silence', 2)
  watch[Symbol.dispose]()
  const { looks } = brokers
  const told = changes.length
  for (const answer of brokers.pending) answer(state({ members: 0 }))
  await sees(state(), 3)
  equal(brokers.looks, looks)
  equal(changes.length, told)
  watch.start()
  await clock.advance(1_000)
  equal(brokers.looks, looks)
  equal(watch.disturbed(later(0)), false)
})

test('tells of which partitions something has been done since the look before', async t => {
  const { watch, sees, moved } = aWatch(t)
  watch.start()
  await sees(state({ committed: [3n, -1n, 5n], ends: [7n, 5n, 5n] }))
  deepEqual(moved, [0], 'what was not known before has not moved')
  await sees(state({ committed: [3n, 2n, 6n], ends: [7n, 5n, 9n] }))
  await sees(state({ committed: [4n, 3n, 6n], ends: [7n, 5n, 9n] }))
  await sees(state({ committed: [1n, 3n, 6n], ends: [7n, 5n, 9n] }), 3)
  deepEqual(moved, [0, 2, 0, 1])
})
