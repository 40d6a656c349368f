import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Log } from '../../../src/bridge/memory/log.ts'
import { SharedRetention } from '../../../src/bridge/memory/retention.ts'

const content = { key: null, value: Buffer.from('x'), headers: [] }

test('what all logs keep together is bounded, and the oldest of any of them goes first', () => {
  const shared = new SharedRetention(1_000)
  const [a, b] = ['a', 'b'].map(topic => new Log(topic, 0, { records: 1e6, bytes: 1e9, shared }))
  for (let at = 0; at < 10; at++) a!.append(content, 100, at)
  deepEqual([a!.first, shared.bytes], [0, 1_000])
  for (let at = 10; at < 15; at++) b!.append(content, 100, at)
  deepEqual([a!.first, a!.end, b!.first, b!.end, shared.bytes], [5, 10, 0, 5, 1_000])
  for (let at = 15; at < 1_000; at++) b!.append(content, 100, at)
  deepEqual([a!.first, a!.end], [9, 10], 'the newest of a log is always kept')
  ok(b!.end - b!.first < 10)
  ok(shared.bytes <= 1_000)
})

test('a record larger than the limit is kept all the same, as the only one', () => {
  const shared = new SharedRetention(1_000)
  const log = new Log('a', 0, { records: 1e6, bytes: 1e9, shared })
  for (let at = 0; at < 3; at++) log.append(content, 5_000, at)
  deepEqual([log.first, log.end, shared.bytes], [2, 3, 5_000])
})

test('what a log drops by itself counts no more', () => {
  const shared = new SharedRetention(1_000)
  const log = new Log('a', 0, { records: 2, bytes: 1e9, shared })
  for (let at = 0; at < 9; at++) log.append(content, 100, at)
  equal(shared.bytes, log.bytes)
})
