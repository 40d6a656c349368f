import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { Window } from '../../../src/resilience/circuit/window.ts'

const sums = (window: Window): readonly number[] => [window.calls, window.hits]

test('hits are counted among the calls, and leave with their bucket', () => {
  const window = new Window(3)
  window.add(true)
  window.add(false)
  window.rotate()
  window.add(true)
  deepEqual(sums(window), [3, 2])
  window.rotate()
  deepEqual(sums(window), [3, 2])
  window.rotate()
  deepEqual(sums(window), [1, 1])
  window.rotate()
  deepEqual(sums(window), [0, 0])
})

test('the sums are always those of the latest buckets', () => {
  const step = fc.oneof(fc.boolean(), fc.constant('rotate' as const))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 100, size: 'max' }), (buckets, steps) => {
      const window = new Window(buckets)
      const all: boolean[][] = [[]]
      for (const step of steps) {
        if (step === 'rotate') {
          window.rotate()
          all.push([])
        } else {
          window.add(step)
          all.at(-1)?.push(step)
        }
        const latest = all.slice(-buckets).flat()
        deepEqual(sums(window), [latest.length, latest.filter(hit => hit).length])
      }
    }),
  )
})
