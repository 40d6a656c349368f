import { afterEach, beforeEach, mock, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Cohorts } from '../../../src/resilience/bulkhead/cohorts.ts'
import { FairQueue } from '../../../src/resilience/bulkhead/fairqueue.ts'
import { Waiter } from '../../../src/resilience/bulkhead/waiter.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'

// clients are always of the same cohorts: by chance two would share theirs, and count for each other
beforeEach(() => void mock.method(Math, 'random', () => 0.5))
afterEach(() => mock.restoreAll())

const patienceMs = 100

/** A queue with the cohorts of its clients; `grant` lets the next one in, where it then is in flight. */
function aQueue(newestFirst = false) {
  const cohorts = new Cohorts()
  const queue = new FairQueue(newestFirst)
  const add = (client: string, name = client): Waiter => {
    const waiter = new Waiter({
      call: aCall({ client, route: name }),
      place: cohorts.placeOf(client),
      share: 0,
      patienceMs,
    })
    cohorts.queue(waiter.place)
    queue.add(waiter)
    return waiter
  }
  const grant = (): string | null => {
    const waiter = queue.next(cohorts)
    if (waiter === null) return null
    queue.granting(waiter)
    queue.remove(waiter)
    cohorts.unqueue(waiter.place)
    cohorts.enter(waiter.place)
    return waiter.call.route
  }
  return { cohorts, queue, add, grant }
}
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

test('an empty queue has nobody', () => {
  const { queue, cohorts } = aQueue()
  deepEqual([queue.next(cohorts), queue.newestOfFullest(cohorts), queue.size], [null, null, 0])
})

test('one client is served in the order of arrival', () => {
  const { add, grant, queue } = aQueue()
  for (let i = 0; i < 10; i++) add('a', `${i}`)
  equal(queue.size, 10)
  deepEqual(times(11, grant), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', null])
})

test('clients with as much in flight are served in the order of arrival', () => {
  const { queue, cohorts, add } = aQueue()
  const all = times(20, i => add(`client-${i}`))
  for (const waiter of all) {
    equal(queue.next(cohorts), waiter)
    queue.remove(waiter)
  }
})

test('the next slot is for the client with least in flight, though another came first', () => {
  const { add, grant } = aQueue()
  for (let i = 0; i < 5; i++) add('noisy', `noisy ${i}`)
  add('quiet', 'quiet 0')
  add('quiet', 'quiet 1')
  deepEqual(times(7, grant), ['noisy 0', 'quiet 0', 'noisy 1', 'quiet 1', 'noisy 2', 'noisy 3', 'noisy 4'])
})

test('a client alone may have everything', () => {
  const { add, grant, cohorts } = aQueue()
  for (let i = 0; i < 100; i++) add('alone')
  for (let i = 0; i < 100; i++) equal(grant(), 'alone')
  equal(cohorts.load(cohorts.placeOf('alone')), 100)
})

test('who leaves from the middle is not served', () => {
  const { queue, add, grant } = aQueue()
  add('a', '0')
  const leaving = add('a', '1')
  add('a', '2')
  queue.remove(leaving)
  equal(queue.size, 2)
  deepEqual(times(3, grant), ['0', '2', null])
})

test('who has to give way is the newest of a client that has most inside, waiting or in flight, if that is enough', () => {
  const { queue, add, cohorts } = aQueue()
  add('quiet')
  const noisy = times(8, () => add('noisy'))
  const newest = noisy.slice(-2) // its calls wait in both its cohorts
  const victim = queue.newestOfFullest(cohorts)!
  ok(newest.includes(victim))
  equal(queue.newestOfFullest(cohorts, 9), null)
  ok(newest.includes(queue.newestOfFullest(cohorts, 8)!))
  for (let i = 0; i < 8; i++) cohorts.enter(cohorts.placeOf('busy'))
  const busy = add('busy')
  equal(queue.newestOfFullest(cohorts), busy)
})

test('as long as the queue can be served within the patience of those who wait, the first goes first', async t => {
  const clock = frozenClock(t)
  const { queue, add, grant } = aQueue(true)
  let number = 0
  for (let i = 0; i < 50; i++) add('a', `${number++}`)
  for (let i = 0; i < 500; i++) {
    await clock.advance(1) // 100 are granted within their patience, and 50 wait: it stands, but it moves
    add('a', `${number++}`)
    equal(grant(), `${i}`)
  }
  equal(queue.newestFirst, false)
})

test('when more wait than can be served in time the newest goes first, until the queue is short again', async t => {
  const clock = frozenClock(t)
  const { queue, add, grant } = aQueue(true)
  let number = 0
  for (let i = 0; i < 50; i++) add('a', `${number++}`)
  for (let i = 0; i < 12; i++) {
    await clock.advance(10)
    add('a', `${number++}`)
    grant()
  }
  equal(queue.newestFirst, true)
  add('a', 'last')
  equal(grant(), 'last')
  while (queue.size > 0) grant()
  add('a', 'x')
  add('a', 'y')
  equal(grant(), 'x')
})

test('when it was not allowed the first always goes first', async t => {
  const clock = frozenClock(t)
  const { queue, add, grant } = aQueue(false)
  for (let i = 0; i < 50; i++) add('a', `${i}`)
  for (let i = 0; i < 50; i++) {
    await clock.advance(10)
    equal(grant(), `${i}`)
  }
  equal(queue.newestFirst, false)
})
