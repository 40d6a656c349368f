import { afterEach, beforeEach, mock, test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Priority } from '../../../src/call.ts'
import { Cohorts } from '../../../src/resilience/bulkhead/cohorts.ts'
import { PriorityQueue, rankOf } from '../../../src/resilience/bulkhead/priorityqueue.ts'
import { Shares } from '../../../src/resilience/bulkhead/shares.ts'
import { Waiter } from '../../../src/resilience/bulkhead/waiter.ts'
import { aCall } from '../../help/call.ts'

// clients are always of the same cohorts: by chance two would share theirs, and count for each other
beforeEach(() => void mock.method(Math, 'random', () => 0.5))
afterEach(() => mock.restoreAll())

const limit = 10
function aQueue(shares: Readonly<Record<string, number>> = {}) {
  const cohorts = new Cohorts()
  const all = new Shares(new Map(Object.entries(shares)))
  const queue = new PriorityQueue(cohorts, all, false)
  const waiter = (name: string, priority: Priority, route = 'any', client = name): Waiter => {
    const call = aCall({ client, route, priority, topic: name })
    return new Waiter({ call, place: cohorts.placeOf(client), share: all.shareOf({ route }), patienceMs: 100 })
  }
  const add = (...args: Parameters<typeof waiter>): Waiter => {
    const added = waiter(...args)
    queue.add(added)
    cohorts.queue(added.place)
    return added
  }
  const grant = (): string | null => {
    const next = queue.next(limit)
    if (next === null) return null
    queue.granting(next)
    queue.remove(next)
    cohorts.unqueue(next.place)
    cohorts.enter(next.place)
    all.enter(next.share)
    return next.call.topic
  }
  const grantAll = (): string[] => {
    const names: string[] = []
    for (let name = grant(); name !== null; name = grant()) names.push(name)
    return names
  }
  return { queue, cohorts, shares: all, waiter, add, grantAll }
}

test('classes have their order', () => {
  deepEqual((['sheddable', 'normal', 'critical', 'health'] as const).map(rankOf), [0, 1, 2, 3])
})

test('what matters most goes first, and is counted by class', () => {
  const { queue, add, grantAll } = aQueue()
  add('s', 'sheddable')
  add('n', 'normal')
  add('h', 'health')
  add('c', 'critical')
  add('n2', 'normal')
  deepEqual([queue.size, queue.state()], [5, { sheddable: 1, normal: 2, critical: 1, health: 1 }])
  deepEqual(grantAll(), ['h', 'c', 'n', 'n2', 's'])
  deepEqual([queue.size, queue.next(limit)], [0, null])
})

test('a route that has less than its share goes before all others, and no longer than that', () => {
  const { add, grantAll } = aQueue({ mine: 20 })
  add('critical', 'critical')
  for (let i = 0; i < 4; i++) add(`mine ${i}`, 'sheddable', 'mine')
  add('normal', 'normal')
  deepEqual(grantAll(), ['mine 0', 'mine 1', 'critical', 'normal', 'mine 2', 'mine 3'])
})

test('beyond its share a route is one among all: by class, by client, by arrival', () => {
  const { shares, add, grantAll } = aQueue({ mine: 10 })
  shares.enter(1)
  add('a', 'normal')
  add('mine', 'normal', 'mine')
  add('b', 'normal')
  deepEqual(grantAll(), ['a', 'mine', 'b'])
})

test('for a call that matters more the newest of the least class makes room', () => {
  const { queue, waiter, add } = aQueue()
  add('n', 'normal')
  const old = add('s', 'sheddable')
  const newest = add('s2', 'sheddable')
  equal(queue.victim(waiter('c', 'critical'), limit), newest)
  queue.remove(newest)
  equal(queue.victim(waiter('c', 'normal'), limit), old)
  queue.remove(old)
  equal(queue.victim(waiter('c', 'critical'), limit)?.call.topic, 'n')
  equal(queue.victim(waiter('s', 'sheddable'), limit), null)
})

test('a client that has clearly more in flight makes room too, and chance is no reason', () => {
  const { queue, cohorts, waiter, add } = aQueue()
  const enter = (client: string, count: number): void => {
    for (let i = 0; i < count; i++) cohorts.enter(cohorts.placeOf(client))
  }
  for (let i = 0; i < 30; i++) enter(`client ${i}`, 1)
  enter('noisy', 4)
  const one = add('one', 'normal', 'any', 'noisy')
  equal(queue.victim(waiter('quiet', 'normal'), limit), null, '5 of 35, and 11 are asked')
  enter('noisy', 10)
  equal(queue.victim(waiter('quiet', 'normal'), limit), one)
})

test('for a call that matters as much only a client that has more waiting makes room', () => {
  const { queue, waiter, add } = aQueue()
  for (let i = 0; i < 6; i++) add(`noisy ${i}`, 'normal', 'any', 'noisy')
  equal(queue.victim(waiter('noisy', 'normal'), limit), null)
  equal(queue.victim(waiter('quiet', 'normal'), limit)?.call.client, 'noisy')
})

test('for a route that is owed slots a borrower makes room, whatever its class, but no other that is owed', () => {
  const { queue, shares, waiter, add } = aQueue({ mine: 20, yours: 20 })
  add('yours', 'sheddable', 'yours')
  const borrower = add('borrower', 'critical')
  equal(queue.victim(waiter('mine', 'sheddable', 'mine'), limit), borrower)
  queue.remove(borrower)
  equal(queue.victim(waiter('mine', 'sheddable', 'mine'), limit), null)
  equal(queue.victim(waiter('any', 'critical'), limit), null, 'nor for what matters more')
  shares.enter(2)
  shares.enter(2)
  equal(queue.victim(waiter('any', 'critical'), limit)?.call.topic, 'yours', 'it has its share')
})
