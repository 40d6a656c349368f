import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { percentOf, reaches } from '../../../src/resilience/circuit/share.ts'

test('a share is reached when it is met, whatever the rounding', () => {
  equal(reaches(29, 50, 58), true) // 57.99999999999999 in floating point
  equal(reaches(28, 50, 58), false)
  for (let all = 1; all <= 200; all++) {
    for (let count = 1; count <= all; count++) equal(reaches(count, all, (count / all) * 100), true)
  }
})

test('none at all reach nothing, not even a share of 0', () => {
  equal(reaches(0, 10, 0), false)
  equal(reaches(0, 0, 0), false)
  equal(reaches(1, 10, 0), true)
})

test('a share is told to a tenth of a percent', () => {
  equal(percentOf(1, 3), 33.3)
  equal(percentOf(2, 2), 100)
  equal(percentOf(0, 0), 0)
})
