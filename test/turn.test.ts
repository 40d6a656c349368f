import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { atEndOfTurn, paced, pacedMs } from '../src/turn.ts'
import { busyFor } from './help/busy.ts'
import { frozenClock } from './help/clock.ts'

/** Until nobody waits, whatever the clock says. */
async function quiet(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  paced(resolve, false)
  await promise
  await turn()
}

/** As many tasks as numbers, each of which notes its own. */
const noted = (count: number, done: number[]): void => {
  for (let i = 0; i < count; i++) paced(() => done.push(i))
}

test('tasks are begun at once while the turn is young, but for those that are to wait for its end', async t => {
  frozenClock(t)
  const order: number[] = []
  paced(() => order.push(1))
  paced(() => order.push(3), false)
  deepEqual(order, [1])
  await turn()
  deepEqual(order, [1, 3])
  await quiet()
})

test('nobody overtakes one that waits', async t => {
  frozenClock(t)
  const order: number[] = []
  paced(() => order.push(1), false)
  paced(() => order.push(2))
  deepEqual(order, [])
  await turn()
  deepEqual(order, [1, 2])
  await quiet()
})

test('a turn begins 128, and the next as many of those that wait, in their order', async t => {
  frozenClock(t)
  const done: number[] = []
  noted(300, done)
  equal(done.length, 128)
  await turn() // the end of this one
  equal(done.length, 128)
  await turn()
  equal(done.length, 256)
  await turn()
  deepEqual(
    done,
    Array.from({ length: 300 }, (_, i) => i),
  )
  await quiet()
})

test('a turn that is ten milliseconds old begins no more', async () => {
  const order: number[] = []
  paced(() => busyFor(11))
  paced(() => order.push(1))
  deepEqual(order, [])
  await quiet()
  deepEqual(order, [1])
})

test('tasks leave the rest of a turn to others', async () => {
  const done: number[] = []
  for (let i = 0; i < 210; i++)
    paced(() => {
      busyFor(1)
      done.push(i)
    })
  ok(done.length <= 10, `${done.length} at once`)
  let turns = 0
  for (; done.length < 210; turns++) await turn()
  ok(turns >= 20, `${turns} turns for 200 ms of work`)
  await quiet()
})

test('however slow each of them is, every turn begins one', async () => {
  let done = 0
  for (let i = 0; i < 3; i++)
    paced(() => {
      busyFor(12)
      done++
    })
  for (let turns = 0; turns < 4; turns++) await turn()
  equal(done, 3)
  await quiet()
})

test('what a task sets going goes on before the next is begun', async t => {
  frozenClock(t)
  const order: string[] = []
  for (const name of ['a', 'b'])
    paced(() => {
      order.push(name)
      void Promise.resolve().then(() => order.push(`${name} goes on`))
    }, false)
  await turn()
  deepEqual(order, ['a', 'a goes on', 'b', 'b goes on'])
  await quiet()
})

test('the end of the turn comes after all that it has begun', async t => {
  frozenClock(t)
  const order: string[] = []
  const begin = (name: string): void => {
    order.push(name)
    void (async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      atEndOfTurn(() => order.push('the end'))
    })()
  }
  paced(() => begin('a'), false)
  paced(() => order.push('b'), false)
  await turn()
  deepEqual(order, ['a', 'b', 'the end'])
  atEndOfTurn(() => order.push('of another'))
  deepEqual(order.length, 3)
  await turn()
  deepEqual(order, ['a', 'b', 'the end', 'of another'])
  await quiet()
})

test('it is known for how long the first has waited', async () => {
  equal(pacedMs(), 0)
  paced(() => {}, false)
  busyFor(5)
  paced(() => {}, false)
  ok(pacedMs() >= 5, `${pacedMs()} ms`)
  await quiet()
  equal(pacedMs(), 0)
})

test('more than 16,384 do not wait', async t => {
  frozenClock(t)
  const done: number[] = []
  noted(128 + 16_384 + 2, done)
  deepEqual(done.slice(128), [16_512, 16_513])
  equal(done.length, 130)
  for (let turns = 0; done.length < 16_514; turns++) {
    await turn()
    ok(turns <= 130, `${done.length} after ${turns} turns`)
  }
  await quiet()
})
