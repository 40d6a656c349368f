import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import type { Held } from '../../../src/bridge/broker.ts'
import { Part, Parts } from '../../../src/bridge/consume/part.ts'

function aHold() {
  const done: bigint[] = []
  const taken = new AbortController()
  const held: Held = { topic: 't', partition: 0, signal: taken.signal, done: next => done.push(next) }
  return { held, done, taken }
}
const has = async (room: Promise<void> | undefined): Promise<boolean> =>
  room === undefined ||
  (await Promise.race([room.then(() => true), new Promise<boolean>(resolve => setImmediate(resolve, false))]))

test('a partition has room until so many of its records are unfinished, and again when one is done', async () => {
  const { held, done } = aHold()
  const part = new Part(held, 2)
  const first = part.begin(0n)
  equal(part.room(), undefined)
  const second = part.begin(1n)
  const room = part.room()
  equal(await has(room), false)
  part.finish(second)
  equal(await has(room), true)
  deepEqual(done, [])
  part.finish(first)
  deepEqual(done, [2n])
})

test('one that hangs lets others pass, but not without end: a restart must not go back too far', async () => {
  const { held } = aHold()
  const part = new Part(held, 2)
  const hangs = part.begin(0n)
  let offset = 1n
  for (; part.room() === undefined; offset++) part.finish(part.begin(offset))
  equal(offset, 10_000n)
  const room = part.room()
  part.finish(hangs)
  equal(await has(room), true)
})

test('a partition that is taken away asks nobody to wait', async () => {
  const { held, taken } = aHold()
  const parts = new Parts(1)
  const part = parts.of(held)
  equal(parts.of(held), part)
  part.begin(0n)
  const room = part.room()
  equal(await has(room), false)
  taken.abort()
  equal(await has(room), true)
  deepEqual([part.lost, parts.size], [true, 0])
  const again = parts.of(held)
  notEqual(again, part)
  again.begin(0n)
  equal(again.room(), undefined)
  equal(parts.size, 0)
})

test('all that wait can be woken', async () => {
  const parts = new Parts(1)
  const rooms = [aHold(), aHold()].map(({ held }) => {
    const part = parts.of(held)
    part.begin(0n)
    return part.room()
  })
  parts.wake()
  deepEqual(await Promise.all(rooms.map(has)), [true, true])
})
