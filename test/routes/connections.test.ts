import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Connection } from '../../src/routes/connection.ts'
import { Connections } from '../../src/routes/connections.ts'
import { frozenClock } from '../help/clock.ts'

/** A connection that is idle for good, unless it is said to be busy. */
const aConnection = () => {
  let looks = 0
  const it = {
    idle: true,
    broken: false,
    look: () => (looks = it.idle ? looks + 1 : 0),
    close: () => (it.broken = true),
  }
  return it
}
const many = (count: number) => Array.from({ length: count }, aConnection)
const opened = (all: readonly object[]): Connections => {
  const connections = new Connections()
  for (const each of all) connections.add(each as unknown as Connection)
  return connections
}

test('idle connections are closed over the time, none in its first fifth, and the last at its end', async t => {
  const clock = frozenClock(t)
  const all = many(130)
  using connections = opened(all)
  connections.closeIdle(1_600)
  const closed: number[] = []
  for (let i = 0; i < 16; i++) {
    await clock.advance(100)
    closed.push(all.filter(({ broken }) => broken).length)
  }
  deepEqual(closed.slice(0, 4), [0, 0, 0, 10])
  equal(closed[9], 70)
  equal(closed.at(-1), 130)
})

test('who is busy is left alone, and who becomes idle after the time is closed soon', async t => {
  const clock = frozenClock(t)
  const busy = aConnection()
  busy.idle = false
  using connections = opened([busy])
  connections.closeIdle(160)
  await clock.advance(1_000)
  equal(busy.broken, false)
  busy.idle = true
  for (let i = 0; i < 5; i++) await clock.advance(30)
  equal(busy.broken, true)
})

test('it is quiet once no request is open and nobody comes, or else never in time', async t => {
  const clock = frozenClock(t)
  const [one] = many(1)
  using connections = opened([one!])
  let come = 0
  let found: boolean | null = null
  void connections.quiet(1_000, () => come).then(quiet => (found = quiet))
  one!.idle = false
  await clock.advance(30)
  one!.idle = true
  come++
  await clock.advance(30)
  equal(found, null)
  await clock.advance(30)
  equal(found, true)
  one!.idle = false
  void connections.quiet(100, () => come).then(quiet => (found = quiet))
  for (let i = 0; i < 5; i++) await clock.advance(30)
  equal(found, false)
})

test('all is finished when each has had its last answer', async t => {
  const clock = frozenClock(t)
  const all = many(2)
  using connections = opened(all)
  let finished = false
  void connections.finished(new AbortController().signal).then(() => (finished = true))
  all[0]!.close()
  await clock.advance(50)
  equal(finished, false)
  all[1]!.close()
  await clock.advance(50)
  equal(finished, true)
})
