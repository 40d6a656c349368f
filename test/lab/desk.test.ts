import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Desk } from '../../src/lab/desk.ts'
import { frozenClock } from '../help/clock.ts'

function aDesk(t: TestContext, places: number) {
  const { advance } = frozenClock(t)
  const desk = new Desk(places)
  t.after(() => desk.close())
  return { desk, advance }
}
const aPiece = (ended: () => void, begin = (): boolean => true, serviceMs = 20) => ({ serviceMs, begin, end: ended })

test('does as much in a second as places and time allow, however late its timers ring', async t => {
  const { desk, advance } = aDesk(t, 5)
  let done = 0
  for (let i = 0; i < 1_000; i++) desk.add(aPiece(() => done++))
  for (let ms = 0; ms < 1_000; ms += 7) await advance(7) // coarser than the service
  equal(done, 250)
  equal(desk.waiting, 1_000 - 250 - 5)
})

test('the first to come is the first to be served', async t => {
  const { desk, advance } = aDesk(t, 1)
  const order: string[] = []
  for (const name of ['a', 'b', 'c']) desk.add(aPiece(() => order.push(name)))
  await advance(20)
  await advance(20)
  deepEqual(order, ['a', 'b'])
})

test('what is not wanted any more takes no time', async t => {
  const { desk, advance } = aDesk(t, 1)
  let done = 0
  desk.add(aPiece(() => done++))
  for (let i = 0; i < 10; i++)
    desk.add(
      aPiece(
        () => done++,
        () => false,
      ),
    )
  desk.add(aPiece(() => done++))
  await advance(20)
  await advance(20)
  equal(done, 2)
})

test('a desk that had nothing to do has not worked ahead', async t => {
  const { desk, advance } = aDesk(t, 1)
  await advance(10_000)
  let done = 0
  for (let i = 0; i < 10; i++) desk.add(aPiece(() => done++))
  await advance(19)
  equal(done, 0)
  await advance(1)
  equal(done, 1)
})

test('a closed desk ends nothing more', async t => {
  const { desk, advance } = aDesk(t, 1)
  let done = 0
  desk.add(aPiece(() => done++))
  desk.close()
  await advance(100)
  equal(done, 0)
})
