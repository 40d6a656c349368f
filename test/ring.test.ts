import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Linked } from '../src/ring.ts'

const around = (ring: Linked): Linked[] => {
  const all: Linked[] = []
  for (let link = ring.next; link !== ring; link = link.next) all.push(link)
  return all
}

test('they stand in a ring in the order they joined, and leave it from any place', () => {
  const ring = new Linked()
  const [a, b, c] = [new Linked(), new Linked(), new Linked()]
  for (const link of [a, b, c]) link.join(ring)
  deepEqual(around(ring), [a, b, c])
  b.part()
  deepEqual(around(ring), [a, c])
  b.part() // twice does no harm
  a.part()
  c.part()
  ok(ring.alone)
  b.join(ring)
  deepEqual(around(ring), [b])
  ok(!ring.alone)
})

test('who has left holds nobody', () => {
  const ring = new Linked()
  const [a, b] = [new Linked(), new Linked()]
  a.join(ring)
  b.join(ring)
  a.part()
  ok(a.alone)
  equal(a.before, a)
  equal(b.before, ring)
})
