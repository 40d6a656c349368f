import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { now, since } from '../../../src/clock.ts'
import { paced } from '../../../src/resilience/repetition/paced.ts'

test('a portion goes on at once, and what is more takes its time', async () => {
  const pace = paced('test', 1_000)
  const begun = now()
  await pace(50)
  await pace(1)
  await pace(75)
  // 50, 1 and two portions: three pauses of 50 ms between four portions
  ok(since(begun) >= 145, `${since(begun)} ms`)
})

test('what is slower than one portion a twentieth of a second still goes on', async () => {
  const pace = paced('test', 2)
  equal(await pace(1), undefined)
})
