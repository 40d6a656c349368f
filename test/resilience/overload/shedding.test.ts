import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { SheddingLevel } from '../../../src/resilience/overload/shedding.ts'

const moved = (level: SheddingLevel, wanted: number, times = 1): SheddingLevel => {
  for (let i = 0; i < times; i++) level.move(wanted)
  return level
}

test('one long pause is no overload, two in three looks are', () => {
  const level = new SheddingLevel()
  for (let i = 0; i < 20; i++) equal(moved(moved(level, 2), 0, 2).value, 0)
  equal(moved(level, 2).value, 0)
  ok(moved(level, 2).value > 0)
})

test('what lasts is followed in steps, to where it is wanted and no further', () => {
  const level = new SheddingLevel()
  let before = 0
  for (let i = 0; i < 40; i++) {
    const { value } = moved(level, 1.3)
    ok(value >= before && value - before <= 0.26 + 1e-9, `${before} → ${value}`)
    before = value
  }
  equal(level.value, 1.3)
  equal(moved(level, 2, 40).value, 2)
})

test('half of the normal calls are refused within two seconds of ten looks', () => {
  const level = moved(new SheddingLevel(), 2, 10)
  ok(level.shareOf('normal') >= 0.5)
  equal(level.shareOf('sheddable'), 1)
})

test('back to nothing within three seconds, slowly at first', () => {
  const level = moved(new SheddingLevel(), 2, 40)
  ok(moved(level, 0).value > 1.9)
  equal(moved(level, 0, 14).value, 0)
})

test('the sheddable go first, critical calls and probes never', () => {
  const level = moved(new SheddingLevel(), 0.5, 40)
  equal(level.shareOf('sheddable'), 0.5)
  equal(level.shareOf('normal'), 0)
  moved(level, 2, 40)
  equal(level.shareOf('normal'), 1)
  equal(level.shareOf('critical'), 0)
  equal(level.shareOf('health'), 0)
})

/** A process that is late as soon as it gets more than it can do, and idle otherwise: the worst there is to steer. */
function served(load: number): number {
  const level = new SheddingLevel()
  let sum = 0
  for (let look = 0; look < 600; look++) {
    const admitted = load * (1 - level.shareOf('normal'))
    if (look >= 100) sum += Math.min(1, admitted)
    level.move(admitted > 1 ? 2 : 0)
  }
  return sum / 500
}

test('at twice and five times what a process can do it goes on doing most of it', () => {
  for (const load of [1.2, 1.5, 2, 3, 5]) ok(served(load) > 0.85, `${load} times: ${served(load)}`)
})

test('any course of wishes stays within its bounds and never moves away from what is wanted', () => {
  const wish = fc.double({ min: 0, max: 2, noNaN: true })
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 100 }), wishes => {
      const level = new SheddingLevel()
      for (const wanted of wishes) {
        const before = level.value
        level.move(wanted)
        ok(level.value >= 0 && level.value <= 2)
        if (before > 0) {
          ok((level.value - before) * (wanted - before) >= 0, 'away')
          ok(Math.abs(level.value - wanted) <= Math.abs(before - wanted), 'beyond')
        }
      }
    }),
  )
})
