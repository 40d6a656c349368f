import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Follower } from '../../../src/bridge/memory/follower.ts'
import { Log } from '../../../src/bridge/memory/log.ts'
import { Turns } from '../../../src/bridge/memory/turns.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
function logWith(records: number): Log {
  const log = new Log('t', 0, { records: 1e6, bytes: 1e9 })
  for (let i = 0; i < records; i++) log.append({ key: null, value: null, headers: [] }, 1, 0)
  return log
}

test('a long log is handed over in portions, so that others have their turn in between', async () => {
  const turns = new Turns()
  let long = 0
  let short = 0
  const follow = (log: Log, deliver: () => void): Follower =>
    new Follower({ log, next: 0, outOfRange: 'end', turns, deliver })
  follow(logWith(5_000), () => long++)
  follow(logWith(1), () => short++)
  await turn()
  equal(short, 1)
  equal(long < 5_000, true)
  const after = long
  await turn()
  equal(long, 2 * after)
  for (let i = 0; i < 20; i++) await turn()
  equal(long, 5_000)
})

test('halted, nothing is handed over, even in the middle of a portion; resumed, it goes on there', async () => {
  const turns = new Turns()
  const seen: bigint[] = []
  const deliver = ({ offset }: { offset: bigint }): void => {
    seen.push(offset)
    if (offset === 1n) turns.halt()
  }
  const follower = new Follower({ log: logWith(4), next: 0, outOfRange: 'end', turns, deliver })
  await turn()
  await turn()
  deepEqual(seen, [0n, 1n])
  turns.resume()
  await turn()
  deepEqual(seen, [0n, 1n, 2n, 3n])
  follower.end()
})

test('turns are counted, and one is enough for all that asked', async () => {
  const turns = new Turns()
  turns.schedule()
  turns.schedule()
  await turn()
  await turn()
  equal(turns.count, 1)
})
