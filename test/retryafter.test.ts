import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { httpDate, wallClock } from '../src/clock.ts'
import type { EpochMs } from '../src/clock.ts'
import { retryAfterOf } from '../src/retryafter.ts'

test('Retry-After is seconds or a date; anything else says nothing', () => {
  equal(retryAfterOf('120'), 120_000)
  const inAMinute = retryAfterOf(httpDate((wallClock() + 60_000) as EpochMs)) ?? 0
  ok(inAMinute > 57_000 && inAMinute <= 60_000, `${inAMinute}`)
  equal(retryAfterOf('Wed, 21 Oct 2015 07:28:00 GMT'), 0)
  deepEqual(['', 'soon', '-1', '1.5', undefined].map(retryAfterOf), [null, null, null, null, null])
})
