import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import { Window } from '../../../src/bridge/calls/window.ts'

const never = new Aborter()

/** Rounds of an upstream that has room for so many at once, and refuses the others; how many it served in the last of them. */
async function rounds(window: Window, room: number, count: number): Promise<readonly number[]> {
  const served: number[] = []
  for (let round = 0; round < count; round++) {
    const asked = window.limit
    for (let n = 0; n < asked; n++) await window.enter(never)
    served.push(Math.min(asked, room))
    for (let n = 0; n < asked; n++) window.leave(n < room ? 'served' : 'refused')
  }
  return served
}

test('an upstream that takes all gets as many as there may be, within a few rounds', async () => {
  const window = new Window(64)
  await rounds(window, 64, 10)
  equal(window.limit, 64)
})

test('one that refuses what it has no room for is kept busy, and is refused little', async () => {
  const window = new Window(64)
  await rounds(window, 16, 20)
  const served = await rounds(window, 16, 100)
  const mean = served.reduce((sum, n) => sum + n, 0) / served.length
  ok(mean > 12, `${mean} of 16 at once`)
  ok(window.limit <= 20, `${window.limit} at once`)
})

test('a refusal among many calls is that of a command, and slows no other', async () => {
  const window = new Window(8)
  await rounds(window, 8, 4)
  for (let n = 0; n < 100; n++) {
    await window.enter(never)
    window.leave(n % 20 === 10 ? 'refused' : 'served')
  }
  equal(window.limit, 8)
})

test('whoever waits begins in its turn, or leaves with its signal', async () => {
  const window = new Window(1)
  await window.enter(never)
  const [gone, order] = [new Aborter(), [] as string[]]
  const waiting = [
    window.enter(gone).then(() => order.push('gone')),
    window.enter(never).then(() => order.push('next')),
  ]
  gone.abort(null)
  await waiting[0]
  window.leave('untold') // of the one that has left
  window.leave('served')
  await Promise.all(waiting)
  equal(order.join(), 'gone,next')
})
