import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Follower } from '../../../src/bridge/memory/follower.ts'
import type { Deliver } from '../../../src/bridge/memory/follower.ts'
import { Log } from '../../../src/bridge/memory/log.ts'
import { Turns } from '../../../src/bridge/memory/turns.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
function set(records: number, deliver: Deliver, outOfRange: 'earliest' | 'end' = 'earliest') {
  const log = new Log('t', 0, { records: 1_000, bytes: 1e9 })
  const turns = new Turns()
  const append = (): number => log.append({ key: null, value: null, headers: [] }, 1, 0)
  for (let i = 0; i < records; i++) append()
  return { log, append, turns, follower: new Follower({ log, next: 0, outOfRange, turns, deliver }) }
}

test('a follower waits for a handler that takes its time, and for it alone', async () => {
  const seen: bigint[] = []
  const pending: (() => void)[] = []
  set(3, ({ offset }) => {
    seen.push(offset)
    return new Promise(resolve => pending.push(resolve))
  })
  await turn()
  deepEqual(seen, [0n])
  pending[0]!()
  await turn()
  deepEqual(seen, [0n, 1n])
})

test('once ended a follower hands nothing over, not even what its log still gets', async () => {
  const seen: bigint[] = []
  const { log, follower, append, turns } = set(5, ({ offset }) => {
    seen.push(offset)
    if (offset === 1n) follower.end()
  })
  await turn()
  append()
  turns.wake(follower)
  await turn()
  deepEqual(seen, [0n, 1n])
  equal(log.followers.size, 0)
})

for (const [outOfRange, first] of [
  ['earliest', 500n],
  ['end', 1_500n],
] as const)
  test(`what was dropped before it was read is passed over: on from ${outOfRange}`, async () => {
    const seen: bigint[] = []
    const deliver: Deliver = ({ offset }) => void seen.push(offset)
    const { append, follower, turns } = set(1_500, deliver, outOfRange)
    await turn()
    append()
    turns.wake(follower)
    await turn()
    equal(seen[0], first)
  })
